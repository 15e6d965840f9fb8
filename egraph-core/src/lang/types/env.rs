//! What a program has declared so far.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

use super::super::syntax::{Diagnostic, Name, Span, codes};
use super::super::values::{Primitives, Sort, Sorts};
use super::error::{Checked, Refusal, similar};
use super::resolved::{
    FuncDecl, FuncId, GlobalDecl, GlobalId, RulesetDecl, RulesetId, RulesetKind,
};

type Map<K, V> = HashMap<K, V, FxBuildHasher>;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Sort,
    Func(FuncId),
    Global(GlobalId),
    Ruleset(RulesetId),
}

/// The declarations of a program. A clone shares everything until one of the two is extended.
#[derive(Clone, Debug)]
pub struct Env {
    pub(super) sorts: Sorts,
    pub(super) prims: Primitives,
    pub(super) funcs: Arc<Vec<FuncDecl>>,
    pub(super) globals: Arc<Vec<GlobalDecl>>,
    pub(super) rulesets: Arc<Vec<RulesetDecl>>,
    /// Sorts, tables, globals and rule sets share one space of names.
    names: Arc<Map<SmolStr, (Meaning, Span)>>,
    /// Names of globals without their `$`.
    unprefixed: Arc<Map<SmolStr, GlobalId>>,
    /// Sorts of the rows of relations: nothing of these can be united.
    pub(super) fixed_sorts: Arc<HashSet<Sort, FxBuildHasher>>,
    /// Names given to rules, with their rule sets.
    pub(super) rule_names: Arc<HashSet<(RulesetId, SmolStr), FxBuildHasher>>,
    /// Some constructor is associative and commutative.
    operators: bool,
}

impl Default for Env {
    fn default() -> Env {
        Env::new()
    }
}

impl Env {
    /// What is built in.
    pub fn new() -> Env {
        let default =
            RulesetDecl { name: "".into(), kind: RulesetKind::Rules, span: Span::default() };
        Env {
            sorts: Sorts::new(),
            prims: Primitives::new(),
            funcs: Arc::default(),
            globals: Arc::default(),
            rulesets: Arc::new(vec![default]),
            names: Arc::default(),
            unprefixed: Arc::default(),
            fixed_sorts: Arc::default(),
            rule_names: Arc::default(),
            operators: false,
        }
    }

    /// The sorts.
    pub fn sorts(&self) -> &Sorts {
        &self.sorts
    }

    /// The primitives.
    pub fn primitives(&self) -> &Primitives {
        &self.prims
    }

    /// The tables, by number.
    pub fn functions(&self) -> &[FuncDecl] {
        &self.funcs
    }

    /// The globals, by number.
    pub fn globals(&self) -> &[GlobalDecl] {
        &self.globals
    }

    /// The rule sets, by number.
    pub fn rulesets(&self) -> &[RulesetDecl] {
        &self.rulesets
    }

    /// A declared table.
    pub fn function(&self, func: FuncId) -> &FuncDecl {
        &self.funcs[func.index()]
    }

    /// A declared global.
    pub fn global(&self, global: GlobalId) -> &GlobalDecl {
        &self.globals[global.index()]
    }

    /// The table of this name.
    pub fn find_function(&self, name: &str) -> Option<FuncId> {
        match self.names.get(name)? {
            (Meaning::Func(func), _) => Some(*func),
            _ => None,
        }
    }

    /// The global of this name, `$` included.
    pub fn find_global(&self, name: &str) -> Option<GlobalId> {
        match self.names.get(name)? {
            (Meaning::Global(global), _) => Some(*global),
            _ => None,
        }
    }

    /// The rule set of this name.
    pub fn find_ruleset(&self, name: &str) -> Option<RulesetId> {
        match self.names.get(name)? {
            (Meaning::Ruleset(ruleset), _) => Some(*ruleset),
            _ => None,
        }
    }

    /// The rule set of this name, the default one for none.
    ///
    /// # Errors
    /// There is none of this name, which shows when the command is carried out.
    pub(super) fn ruleset(&self, name: Option<&Name>) -> Checked<RulesetId> {
        let Some(name) = name else { return Ok(RulesetId::DEFAULT) };
        self.find_ruleset(name).ok_or_else(|| {
            let message = format!("there is no rule set `{name}`");
            let mut error = Diagnostic::new(codes::UNKNOWN_RULESET, name.span, message);
            let known = self.rulesets.iter().map(|ruleset| &*ruleset.name);
            error.hint = similar(name, known).map(|other| format!("there is `{other}`"));
            Refusal::late(error)
        })
    }

    /// The sort of this name.
    pub(super) fn sort(&self, name: &Name) -> Checked<Sort> {
        self.sorts.find(name).ok_or_else(|| {
            let message = format!("there is no sort `{name}`");
            let mut error = Diagnostic::new(codes::UNKNOWN_SORT, name.span, message);
            let known = self.sorts.all().map(|sort| self.sorts.name(sort));
            error.hint = similar(name, known).map(|other| format!("there is `{other}`"));
            Refusal::from(error)
        })
    }

    /// That no table has this name, with the likest one there is.
    pub(super) fn unknown_function(&self, name: &Name) -> Diagnostic {
        let message = format!("there is no function or primitive `{name}`");
        let mut error = Diagnostic::new(codes::UNKNOWN_FUNCTION, name.span, message);
        let tables = self.funcs.iter().map(|func| &*func.name);
        let prims = self.prims.all().map(|prim| self.prims.sig(prim).name);
        error.hint = similar(name, tables.chain(prims)).map(|other| format!("there is `{other}`"));
        error
    }

    /// Refuses a name that is taken.
    pub(super) fn check_free(&self, name: &Name) -> Checked<()> {
        if let Some((_, before)) = self.names.get(&*name.text) {
            let message = format!("the name `{name}` is taken");
            let error = Diagnostic::new(codes::DUPLICATE, name.span, message);
            return Err(error.note(*before, "it was declared here").into());
        }
        Ok(())
    }

    /// Refuses a local name that hides a declaration, or is a global's without its `$`.
    pub(super) fn check_local(&self, name: &str, span: Span) -> Checked<()> {
        if let Some((_, before)) = self.names.get(name) {
            let message = format!("the variable `{name}` hides a declaration");
            let error = Diagnostic::new(codes::SHADOWING, span, message);
            return Err(error.note(*before, "it was declared here").into());
        }
        let bare = name.strip_prefix('$').unwrap_or(name);
        if let Some(global) = self.unprefixed.get(bare) {
            let global = self.global(*global);
            let message =
                format!("the variable `{name}` is named like the global `{}`", global.name);
            let error = Diagnostic::new(codes::SHADOWING, span, message);
            return Err(error.note(global.span, "the global was declared here").into());
        }
        Ok(())
    }

    /// Forgets all but so many tables and globals.
    pub(super) fn retract(&mut self, funcs: usize, globals: usize) {
        let gone = |meaning: &Meaning| match meaning {
            Meaning::Func(func) => func.index() >= funcs,
            Meaning::Global(global) => global.index() >= globals,
            Meaning::Sort | Meaning::Ruleset(_) => false,
        };
        Arc::make_mut(&mut self.names).retain(|_, (meaning, _)| !gone(meaning));
        let unprefixed = Arc::make_mut(&mut self.unprefixed);
        unprefixed.retain(|_, global| global.index() < globals);
        Arc::make_mut(&mut self.funcs).truncate(funcs);
        Arc::make_mut(&mut self.globals).truncate(globals);
    }

    fn declare(&mut self, name: &str, meaning: Meaning, span: Span) {
        Arc::make_mut(&mut self.names).insert(name.into(), (meaning, span));
    }

    pub(super) fn declare_sort(&mut self, name: &Name) {
        self.declare(name, Meaning::Sort, name.span);
    }

    pub(super) fn declare_function(&mut self, decl: FuncDecl) -> FuncId {
        let func = FuncId::from_index(self.funcs.len());
        self.declare(&decl.name, Meaning::Func(func), decl.span);
        self.operators |= decl.operator.is_some();
        Arc::make_mut(&mut self.funcs).push(decl);
        func
    }

    /// Whether any constructor is associative and commutative.
    pub(super) fn has_operators(&self) -> bool {
        self.operators
    }

    /// Replaces the merge of a function that was just declared.
    pub(super) fn function_mut(&mut self, func: FuncId) -> &mut FuncDecl {
        &mut Arc::make_mut(&mut self.funcs)[func.index()]
    }

    pub(super) fn declare_global(&mut self, decl: GlobalDecl) -> GlobalId {
        let global = GlobalId::from_index(self.globals.len());
        self.declare(&decl.name, Meaning::Global(global), decl.span);
        if let Some(bare) = decl.name.strip_prefix('$') {
            Arc::make_mut(&mut self.unprefixed).insert(bare.into(), global);
        }
        Arc::make_mut(&mut self.globals).push(decl);
        global
    }

    pub(super) fn declare_ruleset(&mut self, name: &Name, kind: RulesetKind) -> RulesetId {
        let ruleset = RulesetId::from_index(self.rulesets.len());
        self.declare(name, Meaning::Ruleset(ruleset), name.span);
        let decl = RulesetDecl { name: name.text.clone(), kind, span: name.span };
        Arc::make_mut(&mut self.rulesets).push(decl);
        ruleset
    }
}
