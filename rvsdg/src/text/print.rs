//! From a function to its text.

use super::lexer::quote;
use crate::graph::{Function, NodeId, NodeKind, RegionId, Shape, ValueId};
use crate::op::Op;
use crate::types::Type;
use crate::walk::{Event, walk};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use std::fmt::Write;

/// The text of a function, which [`super::parse`] reads back if the verifier accepts the function;
/// else whatever shows its content best. Ends in a newline.
///
/// # Panics
/// If a node or region that does not exist is listed.
pub fn print(function: &Function) -> String {
    if function.phi.is_empty() {
        return lambda(function);
    }
    let members = function.phi.iter().map(|member| lambda(member));
    let texts: Vec<String> = std::iter::once(lambda(function)).chain(members).collect();
    format!("(phi\n{})\n", texts.concat().trim_end())
}

fn lambda(function: &Function) -> String {
    let mut printer = Printer {
        function,
        text: String::new(),
        names: vec![None; function.value_count()],
        next: 0,
        depth: 1,
    };
    printer.header();
    for event in walk(function) {
        match event {
            Event::Enter(region) => printer.enter(region),
            Event::Visit(node) => printer.visit(node),
            Event::Define(node) => printer.define(node),
            Event::Leave(region) => printer.leave(region),
        }
    }
    printer.text
}

/// Whether a name can stand behind `%` or `@` without quotes.
fn is_plain(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

struct Printer<'a> {
    function: &'a Function,
    text: String,
    names: Vec<Option<String>>,
    next: usize,
    depth: usize,
}

impl Printer<'_> {
    fn put(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.text.write_fmt(arguments);
    }

    fn name(&mut self, value: ValueId) -> String {
        if value.index() >= self.names.len() {
            return format!("%?{}", value.index());
        }
        if let Some(name) = &self.names[value.index()] {
            return name.clone();
        }
        let name = match self.function.ty(value) {
            Type::Io => format!("%io.{}", self.next),
            Type::Mem(k) => format!("%m{k}.{}", self.next),
            _ => format!("%{}", self.next),
        };
        self.next += 1;
        self.names[value.index()] = Some(name.clone());
        name
    }

    fn list(&mut self, values: &[ValueId]) -> String {
        let names: Vec<String> = values.iter().map(|value| self.name(*value)).collect();
        names.join(" ")
    }

    fn line(&mut self) {
        let depth = self.depth;
        self.put(format_args!("\n{:1$}", "", 2 * depth));
    }

    fn header(&mut self) {
        let function = self.function;
        let name = &function.name;
        let name = if is_plain(name) { name.to_string() } else { quote(name) };
        self.put(format_args!("(lambda @{name} ["));
        let body = &function.region(function.body()).params;
        let count = function.params.len().min(body.len());
        let mut taken: HashSet<&str, FxBuildHasher> = HashSet::default();
        for (position, (param, value)) in function.params.iter().zip(body).enumerate() {
            let plain = is_plain(&param.name) && taken.insert(&param.name);
            if plain {
                self.names[value.index()] = Some(format!("%{}", param.name));
            }
            let separator = if position == 0 { "" } else { " " };
            let value = self.name(*value);
            self.put(format_args!("{separator}({value} {}", param.ty));
            if !plain {
                self.put(format_args!(" {}", quote(&param.name)));
            }
            self.text.push(')');
        }
        let states = self.list(&body[count..]);
        let mut shape = String::new();
        let types = function.result_types();
        let fits = types.len() == function.shape.len();
        print_shape(&function.shape, &mut types.iter().filter(|_| fits), &mut shape);
        self.put(format_args!("] [{states}] -> {shape}"));
    }

    fn enter(&mut self, region: RegionId) {
        let Some(owner) = self.function.region(region).owner else { return };
        self.line();
        let word = match self.function.node(owner).kind {
            NodeKind::Theta { .. } => "body",
            _ => "arm",
        };
        let params = self.list(&self.function.region(region).params);
        self.put(format_args!("({word} [{params}]"));
        self.depth += 1;
    }

    fn visit(&mut self, node: NodeId) {
        let content = self.function.node(node);
        self.line();
        let outputs = self.list(&content.outputs);
        let space = if outputs.is_empty() { "" } else { " " };
        self.put(format_args!("({outputs}{space}= "));
        match &content.kind {
            NodeKind::Simple(Op::Const(constant)) => {
                self.put(format_args!("const {} {constant}", constant.ty()));
            }
            NodeKind::Simple(op) => {
                let operands = self.list(&content.operands);
                let space = if operands.is_empty() { "" } else { " " };
                self.put(format_args!("{}{space}{operands}", op.name()));
                if let Op::Guard(fault) = op
                    && let Some(fault) = self.function.faults.get(fault.0 as usize)
                {
                    let (class, message) = (fault.kind.name(), quote(&fault.message));
                    self.put(format_args!(" :raise {class} {message}"));
                }
            }
            NodeKind::Gamma { .. } => {
                let (predicate, inputs) = match content.operands.split_first() {
                    Some((predicate, inputs)) => (self.name(*predicate), self.list(inputs)),
                    None => ("%?".to_owned(), String::new()),
                };
                self.put(format_args!("gamma {predicate} [{inputs}]"));
                self.depth += 1;
            }
            NodeKind::Theta { .. } => {
                let initial = self.list(&content.operands);
                self.put(format_args!("theta [{initial}]"));
                self.depth += 1;
            }
        }
    }

    fn define(&mut self, node: NodeId) {
        let content = self.function.node(node);
        if !matches!(content.kind, NodeKind::Simple(_)) {
            self.depth -= 1;
        }
        if content.span.is_some() {
            self.put(format_args!(" :at {} {}", content.span.start, content.span.end));
        }
        self.text.push(')');
    }

    fn leave(&mut self, region: RegionId) {
        self.line();
        let results = self.list(&self.function.region(region).results);
        let space = if results.is_empty() { "" } else { " " };
        self.put(format_args!("(results{space}{results}))"));
        if region == self.function.body() {
            self.text.push('\n');
        } else {
            self.depth -= 1;
        }
    }
}

fn print_shape<'a>(shape: &Shape, types: &mut impl Iterator<Item = &'a Type>, text: &mut String) {
    match shape {
        Shape::None => text.push_str("none"),
        Shape::Scalar => {
            text.push_str(&types.next().map_or("_".to_owned(), Type::to_string));
        }
        Shape::Tuple(items) => {
            text.push('(');
            for (position, item) in items.iter().enumerate() {
                text.push_str(if position == 0 { "" } else { " " });
                print_shape(item, &mut *types, text);
            }
            text.push(')');
        }
    }
}
