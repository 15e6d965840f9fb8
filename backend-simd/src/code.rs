//! Executable memory.

use crate::error::CompileError;
use memmap2::{Mmap, MmapMut};

/// Code with its constants, unmapped when dropped.
#[derive(Debug)]
pub(crate) struct Code {
    memory: Mmap,
    entry: usize,
}

impl Code {
    pub(crate) fn new(bytes: &[u8], entry: usize) -> Result<Code, CompileError> {
        let memory = |error: std::io::Error| CompileError::Memory(error.to_string());
        let mut writable = MmapMut::map_anon(bytes.len()).map_err(memory)?;
        writable[..bytes.len()].copy_from_slice(bytes);
        let memory = writable.make_exec().map_err(memory)?;
        Ok(Code { memory, entry })
    }

    pub(crate) fn entry(&self) -> *const u8 {
        self.memory[self.entry..].as_ptr()
    }

    pub(crate) fn bytes(&self) -> (&[u8], usize) {
        (&self.memory, self.entry)
    }
}
