//! Optimised functions kept on disk between processes.
//!
//! An entry is one file named by a hash of its key. The key is text that says everything the result
//! depends on; the file repeats it, so that a collision of hashes is a miss, and has a checksum, so
//! that a damaged file is one too. A file is written under another name and renamed: a reader sees
//! a whole entry or none. What is kept is the optimised graph: machine code is made of it anew,
//! which takes a fraction of a millisecond and fits the machine it runs on.

use rvsdg::Function;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The first line of every file; another layout has another number.
const MAGIC: &str = "ovum-cache 1";

/// A folder of entries.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// What is kept about a compiled function.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The function after optimisation, with the places of its operations in the source.
    pub function: Function,
    /// The report as JSON.
    pub report: String,
    /// The report for a person.
    pub text: String,
}

impl Cache {
    /// The entries in `folder`, which is made when the first is stored.
    pub fn new(folder: impl Into<PathBuf>) -> Cache {
        Cache { folder: folder.into() }
    }

    /// The file of a key.
    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{:032x}.ovum", hash(key.as_bytes())))
    }

    /// The entry of a key; none if there is none, or the file is damaged.
    pub fn load(&self, key: &str) -> Option<Entry> {
        let content = std::fs::read_to_string(self.path(key)).ok()?;
        let rest = content.strip_prefix(MAGIC)?.strip_prefix('\n')?;
        let (checksum, body) = rest.split_once('\n')?;
        if checksum != format!("{:032x}", hash(body.as_bytes())) {
            return None;
        }
        let (lengths, mut body) = body.split_once('\n')?;
        let mut parts = Vec::new();
        for length in lengths.split(' ') {
            let (part, rest) = body.split_at_checked(length.parse().ok()?)?;
            parts.push(part);
            body = rest;
        }
        let [stored, report, text, function] = parts[..] else { return None };
        if stored != key {
            return None;
        }
        let function = rvsdg::text::parse(function).ok()?;
        rvsdg::verify(&function).ok()?;
        Some(Entry { function, report: report.to_owned(), text: text.to_owned() })
    }

    /// Stores an entry; one that is there already is replaced.
    ///
    /// # Errors
    /// If the folder cannot be made or the file cannot be written.
    pub fn store(&self, key: &str, entry: &Entry) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let function = rvsdg::text::print(&entry.function);
        let parts = [key, &entry.report, &entry.text, &function];
        let lengths: Vec<String> = parts.iter().map(|part| part.len().to_string()).collect();
        let body = format!("{}\n{}", lengths.join(" "), parts.concat());
        let checksum = hash(body.as_bytes());
        write_whole(&self.path(key), &format!("{MAGIC}\n{checksum:032x}\n{body}"))
    }
}

/// Writes a file that others see whole or not at all.
fn write_whole(path: &Path, content: &str) -> std::io::Result<()> {
    // Two threads of a process have different stack addresses, two processes different numbers.
    let marker = 0_u8;
    let unique = (std::process::id(), std::ptr::from_ref(&marker).addr());
    let partial = path.with_extension(format!("{}-{:x}.partial", unique.0, unique.1));
    let written = std::fs::File::create(&partial)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .and_then(|()| std::fs::rename(&partial, path));
    if written.is_err() {
        // The error is told; a partial file that cannot be removed does no harm.
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// FNV-1a with 128 bits: the same on every machine and in every version. Parameters: Fowler, Noll,
/// Vo, Eastlake, "The FNV Non-Cryptographic Hash Algorithm" (RFC 9923).
fn hash(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let text =
            "(lambda @f [(%x f64)] [%io] -> f64\n  (%y = fadd %x 1.0 :at 3 9)\n  (results %y %io))";
        let function = rvsdg::text::parse(text).expect("our own text");
        Entry { function, report: "{}".to_owned(), text: "a report\n".to_owned() }
    }

    fn cache(name: &str) -> Cache {
        let folder = std::env::temp_dir().join(format!("ovum-cache-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Cache::new(folder)
    }

    #[test]
    fn what_is_stored_is_loaded() {
        let cache = cache("stored");
        assert!(cache.load("a key\nof lines").is_none());
        cache.store("a key\nof lines", &entry()).expect("a temporary folder is writable");
        let loaded = cache.load("a key\nof lines").expect("it was stored");
        let text = rvsdg::text::print(&loaded.function);
        assert_eq!(text, rvsdg::text::print(&entry().function));
        assert!(text.contains(":at 3 9"));
        assert_eq!((&*loaded.report, &*loaded.text), ("{}", "a report\n"));
        assert!(cache.load("another key").is_none());
        let files = std::fs::read_dir(&cache.folder).expect("it exists").count();
        assert_eq!(files, 1, "no partial file is left");
        std::fs::remove_dir_all(&cache.folder).expect("it is ours");
    }

    #[test]
    fn damage_is_a_miss_and_is_repaired() {
        let cache = cache("damage");
        cache.store("key", &entry()).expect("a temporary folder is writable");
        let path = cache.path("key");
        let whole = std::fs::read(&path).expect("it was stored");
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            std::fs::write(&path, &damaged).expect("it is ours");
            assert!(cache.load("key").is_none(), "byte {at}");
            std::fs::write(&path, &whole[..at]).expect("it is ours");
            assert!(cache.load("key").is_none(), "cut at {at}");
        }
        cache.store("key", &entry()).expect("a temporary folder is writable");
        assert!(cache.load("key").is_some());
        std::fs::remove_dir_all(&cache.folder).expect("it is ours");
    }

    #[test]
    fn the_hash_is_fnv() {
        assert_eq!(hash(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(hash(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }
}
