//! The command line of the executables that run one workload each.
//!
//! It is read by hand: of a process of a millisecond, a general parser would take a good part, and
//! that of every engine alike.

use crate::suite;
use std::path::PathBuf;
use std::str::FromStr;

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Run one workload once, and print one line of JSON

usage: <engine>-peer WORKLOAD [options], or --file FILE, or --list, or --pace

  WORKLOAD          a workload (ac_chain_10), or a program of egglog's suite (eggcc-2mm)
  --file FILE       run this program in egglog's language
  --threads N       threads of the engine, from 1 to 512
  --node-limit N    stop at so many e-nodes
  --time-limit S    stop after so many seconds
  --core K          stay on as many cores as there are threads, from this one on
  --classes         count classes too, where that takes time
  --suite DIR       the folder `tests` of the crate egglog; else $OVUM_EGGLOG_TESTS
  --list            list the workloads that figures are recorded for
  --pace            tell how fast the cores are that the threads would be on
  --print           print the program in egglog's language, and do not run it
";

/// What is asked for.
#[expect(clippy::struct_excessive_bools, reason = "the switches of a command line")]
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) help: bool,
    pub(crate) workload: Option<String>,
    pub(crate) file: Option<PathBuf>,
    pub(crate) threads: u16,
    pub(crate) node_limit: Option<usize>,
    pub(crate) time_limit: Option<f64>,
    pub(crate) core: Option<usize>,
    pub(crate) classes: bool,
    pub(crate) suite: Option<PathBuf>,
    pub(crate) list: bool,
    pub(crate) pace: bool,
    pub(crate) print: bool,
}

impl Arguments {
    /// Reads what follows the program's name; the environment says where the suite is if nothing
    /// else does.
    ///
    /// # Errors
    /// What is wrong with it, as a line of text.
    pub(crate) fn read(words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut found = Arguments { threads: 1, ..Arguments::default() };
        let mut words = words;
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--") else {
                if let Some(other) = found.workload.replace(word) {
                    return Err(format!("`{other}` is one workload already"));
                }
                continue;
            };
            let (option, given) = match option.split_once('=') {
                Some((option, given)) => (option, Some(given.to_owned())),
                None => (option, None),
            };
            let mut value = || given.clone().or_else(|| words.next());
            match option {
                "help" => found.help = true,
                "classes" => found.classes = true,
                "list" => found.list = true,
                "pace" => found.pace = true,
                "print" => found.print = true,
                "file" => found.file = Some(parsed(option, value())?),
                "suite" => found.suite = Some(parsed(option, value())?),
                "node-limit" => found.node_limit = Some(parsed(option, value())?),
                "time-limit" => found.time_limit = Some(parsed(option, value())?),
                "core" => found.core = Some(parsed(option, value())?),
                "threads" => found.threads = parsed(option, value())?,
                _ => return Err(format!("there is no option `--{option}`")),
            }
        }
        if !(1..=512).contains(&found.threads) {
            return Err("`--threads` takes a number from 1 to 512".to_owned());
        }
        match (&found.workload, &found.file) {
            (Some(_), Some(_)) => return Err("either a workload or a file".to_owned()),
            (None, None) if !(found.list || found.pace || found.help) => {
                return Err("nothing to run: name a workload".to_owned());
            }
            _ => {}
        }
        found.suite = found.suite.or_else(|| std::env::var_os(suite::VARIABLE).map(PathBuf::from));
        Ok(found)
    }
}

fn parsed<T: FromStr>(option: &str, value: Option<String>) -> Result<T, String> {
    let value = value.ok_or_else(|| format!("`--{option}` takes a value"))?;
    value.parse().map_err(|_| format!("`{value}` is no value of `--{option}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Arguments, String> {
        Arguments::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        let expected = Arguments {
            workload: Some("ac_chain_5".to_owned()),
            threads: 2,
            node_limit: Some(100),
            time_limit: Some(1.5),
            core: Some(0),
            classes: true,
            suite: Some(PathBuf::from("tests")),
            ..Arguments::default()
        };
        let rest = "--time-limit 1.5 --core=0 --classes --suite=tests";
        let line = format!("ac_chain_5 --threads 2 --node-limit=100 {rest}");
        assert_eq!(read(&line), Ok(expected));
        assert_eq!(read("--list").map(|found| found.list), Ok(true));
        assert_eq!(read("--pace").map(|found| found.pace), Ok(true));
        assert_eq!(read("--help").map(|found| found.help), Ok(true));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, part) in [
            ("", "nothing to run"),
            ("a b", "one workload already"),
            ("a --file b", "either"),
            ("a --threads", "takes a value"),
            ("a --threads 0", "from 1 to 512"),
            ("a --core x", "no value of `--core`"),
            ("a --cores 1", "no option `--cores`"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
