//! Ownership of machine code.

use crate::compiler::module_error;
use crate::error::CompileError;
use cranelift_jit::JITModule;
use cranelift_module::FuncId;
use std::sync::Mutex;

/// A module whose memory is unmapped when it is dropped.
pub(crate) struct OwnedModule(Option<JITModule>);

impl OwnedModule {
    pub(crate) fn new(module: JITModule) -> OwnedModule {
        OwnedModule(Some(module))
    }

    pub(crate) fn get(&mut self) -> Result<&mut JITModule, CompileError> {
        // The module is taken out by `drop` alone.
        self.0.as_mut().ok_or_else(|| CompileError::Codegen("the module is gone".to_owned()))
    }
}

impl Drop for OwnedModule {
    fn drop(&mut self) {
        if let Some(module) = self.0.take() {
            // SAFETY: code runs only during a borrow of the `Code` that owns this module, and
            // whoever took an address out of it promised to keep that `Code` alive.
            #[expect(unsafe_code, reason = "unmapping code is what this type is for")]
            unsafe {
                module.free_memory();
            }
        }
    }
}

/// Executable code with one entry.
pub(crate) struct Code {
    entry: usize,
    /// Never locked: the mutex only says that threads do not share the module, which they need not.
    _module: Mutex<OwnedModule>,
}

impl Code {
    /// Makes the code of a module, in which `entry` is defined, executable.
    pub(crate) fn new(mut owned: OwnedModule, entry: FuncId) -> Result<Code, CompileError> {
        let module = owned.get()?;
        module.finalize_definitions().map_err(|error| module_error(&error))?;
        let entry = module.get_finalized_function(entry) as usize;
        Ok(Code { entry, _module: Mutex::new(owned) })
    }

    /// Address of the entry, valid while this lives.
    pub(crate) fn entry(&self) -> *const u8 {
        self.entry as *const u8
    }
}
