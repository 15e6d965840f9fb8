//! Explanations of a session: why two terms are equal, as text and as a proof that can be checked.

use std::fmt::Write as _;
use std::sync::Arc;

use super::super::proof::{
    Because, Checker, Event, Explanation, Flaw, Forest, Journal, Proof, Why,
};
use super::super::syntax::{Diagnostic, FileId, Span, codes, parse_expr};
use super::super::types::{self, Expr, FuncId, FuncKind, Node};
use super::super::values::{Sort, Value};
use super::Session;
use super::journal::Recorder;
use super::lower::Lowering;
use crate::ematch;

/// Operands are shown down to this depth.
const SHOWN: usize = 12;

impl Session {
    /// Keeps a journal from here on, or no longer. False, and nothing changes, when something has
    /// been declared: a journal is about all there is.
    pub fn set_explain(&mut self, on: bool) -> bool {
        if !self.tables.is_empty() || !self.rules.is_empty() || !self.scopes.is_empty() {
            return false;
        }
        self.machine.recorder = on.then(Box::default);
        true
    }

    /// The journal, if one is kept.
    pub fn journal(&self) -> Option<&Journal> {
        self.machine.recorder.as_deref().map(|recorder: &Recorder| &recorder.journal)
    }

    /// Replays the journal with a checker that shares nothing with the engine; none without a
    /// journal.
    ///
    /// # Errors
    /// The first event that does not follow.
    pub fn checker(&self) -> Option<Result<Checker<'_>, Flaw>> {
        Some(Checker::new(self.env(), &self.machine.values, self.journal()?))
    }

    /// Why two terms without variables, given as text, are equal.
    ///
    /// # Errors
    /// The text has no meaning, no journal is kept, or the journal has no proof.
    pub fn explain(&mut self, a: &str, b: &str) -> Result<Explanation, Diagnostic> {
        let mut asked = Vec::new();
        let mut exprs = Vec::new();
        let mut spans = Vec::new();
        for text in [a, b] {
            let file: FileId = self.sources.add("term", text);
            let expr = parse_expr(file, text).map_err(|errors| {
                errors.0.into_iter().next().expect("a failure to parse has a diagnostic")
            })?;
            spans.push(expr.span());
            exprs.push(self.checker.expr(&self.machine.values, &expr)?);
        }
        let journal = self.journal().ok_or_else(|| no_journal(spans[0]))?;
        let mut forest = Forest::new(self.env(), journal);
        let mut ids = Vec::new();
        for expr in &exprs {
            let id = self.term_of(&mut forest, journal, expr, &mut asked);
            ids.push(id.ok_or_else(|| {
                let message = "only terms of constructors can be explained";
                Diagnostic::new(codes::UNSUPPORTED, expr.span, message)
            })?);
        }
        let proof = forest.prove(ids[0], ids[1]).ok_or_else(|| {
            Diagnostic::new(codes::FAILED, spans[1], "there is no proof that the terms are equal")
        })?;
        let mut text = String::new();
        self.write_proof(&forest, journal, &proof, 0, &mut text);
        Ok(Explanation { asked, proof, text })
    }

    /// The node of an expression.
    fn term_of(
        &self,
        forest: &mut Forest<'_>,
        journal: &Journal,
        expr: &Expr,
        asked: &mut Vec<super::super::proof::Asked>,
    ) -> Option<Value> {
        if !self.machine.sorts.is_eq(expr.sort) {
            return None;
        }
        let mut stack: Vec<Value> = Vec::new();
        for node in &expr.nodes {
            let value = match node {
                Node::Const(value) => *value,
                Node::Global(global) => {
                    journal.events.iter().rev().find_map(|event| match event {
                        Event::Global(known, value) if known == global => Some(*value),
                        _ => None,
                    })?
                }
                Node::Call(func) => {
                    let decl = self.env().function(*func);
                    let keys = stack.split_off(stack.len() - decl.inputs.len());
                    if decl.kind != FuncKind::Constructor {
                        return None;
                    }
                    forest.term(*func, keys.into(), asked)
                }
                Node::Prim(prim, count) => {
                    let args = stack.split_off(stack.len() - *count as usize);
                    self.machine.values.call(&self.machine.primitives, *prim, &args)?
                }
                Node::Var(_) | Node::Operator(..) => return None,
            };
            stack.push(value);
        }
        stack.pop()
    }

    /// The answer to `prove`: a match, and for each of its atoms why it holds.
    pub(super) fn prove(&mut self, span: Span, query: &types::Query) -> Result<String, Diagnostic> {
        if self.journal().is_none() {
            return Err(no_journal(span));
        }
        let mut lowering = Lowering::new(&self.machine, &self.places, &query.vars);
        let mut lowered = lowering.query(query);
        lowered.report = (0..query.vars.len() as u32).collect();
        let computed = self.computed();
        let search = ematch::Search::new(&lowered, &mut self.store, 0);
        let budget = ematch::Budget { matches: 1, ..ematch::Budget::NONE };
        let found = search.run_all(&self.store, &computed, budget);
        if found.count == 0 {
            return Err(Diagnostic::new(codes::FAILED, span, "the query has no match"));
        }
        let Some(journal) = self.journal() else { return Err(no_journal(span)) };
        let mut forest = Forest::new(self.env(), journal);
        let mut text = String::new();
        let value = |operand: &types::Operand| match operand {
            types::Operand::Var(var) => found.words.get(*var as usize).copied(),
            types::Operand::Const(value) => Some(*value),
            types::Operand::Global(global) => {
                journal.events.iter().rev().find_map(|event| match event {
                    Event::Global(known, value) if known == global => Some(*value),
                    _ => None,
                })
            }
        };
        let mut first: Vec<(types::Operand, Value)> = Vec::new();
        for atom in &query.atoms {
            let types::Atom::Table { func, args, out } = atom else { continue };
            let Some(keys) = args.iter().map(value).collect::<Option<Vec<Value>>>() else {
                continue;
            };
            if self.env().function(*func).kind != FuncKind::Constructor {
                self.write_fact(&forest, journal, *func, &keys, &mut text);
                continue;
            }
            let node = forest.term(*func, keys.into(), &mut Vec::new());
            let known = first.iter().find(|(operand, _)| operand == out).map(|(_, node)| *node);
            let other = match (known, out) {
                (Some(node), _) => Some(node),
                (None, types::Operand::Var(_)) => None,
                (None, out) => value(out),
            };
            let Some(proof) = other.and_then(|other| forest.prove(other, node)) else {
                first.push((*out, node));
                let _ = writeln!(text, "{} is there", self.node_text(&forest, node, 0));
                continue;
            };
            self.write_proof(&forest, journal, &proof, 0, &mut text);
        }
        Ok(text.trim_end().to_owned())
    }

    /// The answer to `prove-exists`: why a constructor or relation has a row.
    pub(super) fn prove_exists(&self, span: Span, func: FuncId) -> Result<String, Diagnostic> {
        let journal = self.journal().ok_or_else(|| no_journal(span))?;
        let forest = Forest::new(self.env(), journal);
        let found = journal.events.iter().find_map(|event| match event {
            Event::Node { id, func: made, why, .. } if *made == func => {
                let node = self.node_text(&forest, *id, 0);
                Some(format!("{node}: {}", self.reason(&forest, journal, why)))
            }
            Event::Set { func: set, keys, why, .. } if *set == func => {
                let fact = self.application(&forest, func, keys, 0);
                Some(format!("{fact}: {}", self.reason(&forest, journal, why)))
            }
            _ => None,
        });
        found.ok_or_else(|| {
            let message = format!("`{}` has no row", self.env().function(func).name);
            Diagnostic::new(codes::FAILED, span, message)
        })
    }

    fn write_fact(
        &self,
        forest: &Forest<'_>,
        journal: &Journal,
        func: FuncId,
        keys: &[Value],
        text: &mut String,
    ) {
        let row = self.application(forest, func, keys, 0);
        for event in journal.events.iter().rev() {
            if let Event::Set { func: set, keys: given, why, .. } = event
                && *set == func
                && self.same(given, keys, func)
            {
                let _ = writeln!(text, "{row}: {}", self.reason(forest, journal, why));
                return;
            }
        }
        let _ = writeln!(text, "{row}: not in the journal");
    }

    fn same(&self, a: &[Value], b: &[Value], func: FuncId) -> bool {
        let sorts = &self.env().function(func).inputs;
        sorts.iter().zip(a.iter().zip(b)).all(|(sort, (a, b))| {
            let kind = self.machine.kind(*sort);
            self.store.canonical(kind, *a) == self.store.canonical(kind, *b)
        })
    }

    fn write_proof(
        &self,
        forest: &Forest<'_>,
        journal: &Journal,
        proof: &Arc<Proof>,
        depth: usize,
        text: &mut String,
    ) {
        let indent = "  ".repeat(depth);
        if proof.steps.is_empty() {
            let _ = writeln!(text, "{indent}{} is itself", self.node_text(forest, proof.from, 0));
        }
        for step in &proof.steps {
            let [from, to] = [step.from, step.to].map(|node| self.node_text(forest, node, 0));
            let _ = write!(text, "{indent}{from} = {to}: ");
            match &step.because {
                Because::Union(event) => {
                    let why = match &journal.events[*event] {
                        Event::Union { why, .. } => self.reason(forest, journal, why),
                        _ => String::new(),
                    };
                    let _ = writeln!(text, "{why}");
                }
                Because::Congruence(proofs) => {
                    let _ = writeln!(text, "congruence");
                    if depth < SHOWN {
                        for proof in proofs.iter().flatten() {
                            self.write_proof(forest, journal, proof, depth + 1, text);
                        }
                    }
                }
            }
        }
    }

    fn reason(&self, forest: &Forest<'_>, journal: &Journal, why: &Why) -> String {
        let (rule, bindings) = match why {
            Why::Program => return "given by the program".to_owned(),
            Why::Merge => return "by a merge".to_owned(),
            Why::Rule(rule, bindings) => (&journal.rules[*rule as usize], bindings),
        };
        let mut text = format!("rule {}", rule.name);
        let named = rule.body.vars.iter().zip(&**bindings).filter(|(var, _)| {
            // Names that no program can write start with a space.
            !var.name.is_empty() && !var.name.starts_with(' ')
        });
        for (at, (var, value)) in named.enumerate() {
            let value = self.value_text(forest, var.sort, *value, 0);
            let gap = if at == 0 { "; with" } else { "," };
            let _ = write!(text, "{gap} {} = {value}", var.name);
        }
        text
    }

    fn value_text(&self, forest: &Forest<'_>, sort: Sort, value: Value, depth: usize) -> String {
        let machine = &self.machine;
        if machine.sorts.is_eq(sort) {
            return self.node_text(forest, value, depth);
        }
        machine.values.display(&machine.sorts, sort, value, &mut |_, class| {
            self.node_text(forest, class, depth + 1)
        })
    }

    fn node_text(&self, forest: &Forest<'_>, node: Value, depth: usize) -> String {
        match forest.node(node) {
            Some((func, keys)) if depth < SHOWN => self.application(forest, func, keys, depth),
            _ => "…".to_owned(),
        }
    }

    fn application(
        &self,
        forest: &Forest<'_>,
        func: FuncId,
        keys: &[Value],
        depth: usize,
    ) -> String {
        let decl = self.env().function(func);
        let mut text = format!("({}", decl.name);
        for (sort, key) in decl.inputs.iter().zip(keys) {
            let _ = write!(text, " {}", self.value_text(forest, *sort, *key, depth + 1));
        }
        text.push(')');
        text
    }
}

fn no_journal(span: Span) -> Diagnostic {
    Diagnostic::new(codes::UNSUPPORTED, span, "there is no journal to prove anything from")
        .hint("turn explanations on before the first declaration: `Session::set_explain`")
}
