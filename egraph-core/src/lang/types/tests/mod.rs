//! Programs and what they resolve to.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

mod meaning;
mod mistakes;

use expect_test::Expect;

use super::super::syntax::{Sources, parse};
use super::super::values::Values;
use super::resolved::{Action, Atom, Command, Expr, Node, Operand, Query, Rule};
use super::{Checker, Env};

/// Writes resolved commands; constants as `#n`, where n is what is interned.
struct Writer<'a> {
    env: &'a Env,
}

/// Each item with a space before it.
fn spaced(items: impl Iterator<Item = String>) -> String {
    items.fold(String::new(), |all, item| all + " " + &item)
}

impl Writer<'_> {
    fn operand(&self, operand: Operand) -> String {
        match operand {
            Operand::Var(var) => format!("v{var}"),
            Operand::Const(value) => format!("#{value}"),
            Operand::Global(global) => self.env.global(global).name.to_string(),
        }
    }

    fn operands(&self, operands: &[Operand]) -> String {
        spaced(operands.iter().map(|operand| self.operand(*operand)))
    }

    fn query(&self, query: &Query) -> String {
        let atoms = query.atoms.iter().map(|atom| match atom {
            Atom::Table { func, args, out } => {
                let name = &self.env.function(*func).name;
                format!("({name}{}) = {}", self.operands(args), self.operand(*out))
            }
            Atom::Operator { func, args, rest, out } => {
                let name = &self.env.function(*func).name;
                let rest = rest.map_or(String::new(), |rest| format!(" ..{}", self.operand(rest)));
                format!("({name}{}{rest}) = {}", self.operands(args), self.operand(*out))
            }
            Atom::Prim { prim, args, out } => {
                let name = self.env.primitives().sig(*prim).name;
                format!("({name}{}) = {}", self.operands(args), self.operand(*out))
            }
            Atom::Equal(_, a, b) => format!("{} = {}", self.operand(*a), self.operand(*b)),
        });
        atoms.collect::<Vec<_>>().join(", ")
    }

    fn expr(&self, expr: &Expr) -> String {
        let mut stack: Vec<String> = Vec::new();
        for node in &expr.nodes {
            let (name, count) = match node {
                Node::Var(var) => (format!("v{var}"), None),
                Node::Const(value) => (format!("#{value}"), None),
                Node::Global(global) => (self.env.global(*global).name.to_string(), None),
                Node::Call(func) => {
                    let decl = self.env.function(*func);
                    (decl.name.to_string(), Some(decl.inputs.len()))
                }
                Node::Operator(func, count, _) => {
                    (self.env.function(*func).name.to_string(), Some(*count as usize))
                }
                Node::Prim(prim, count) => {
                    let name = self.env.primitives().sig(*prim).name;
                    (name.to_owned(), Some(*count as usize))
                }
            };
            let Some(count) = count else {
                stack.push(name);
                continue;
            };
            let args = stack.split_off(stack.len() - count);
            stack.push(format!("({name}{})", spaced(args.into_iter())));
        }
        assert_eq!(stack.len(), 1, "an expression leaves one value");
        stack.remove(0)
    }

    fn exprs(&self, exprs: &[Expr]) -> String {
        spaced(exprs.iter().map(|expr| self.expr(expr)))
    }

    fn action(&self, action: &Action) -> String {
        match action {
            Action::Let(var, value) => format!("v{var} := {}", self.expr(value)),
            Action::Set(_, func, args, value) => {
                let name = &self.env.function(*func).name;
                format!("({name}{}) := {}", self.exprs(args), self.expr(value))
            }
            Action::Union(_, a, b) => format!("{} ~ {}", self.expr(a), self.expr(b)),
            Action::Change(_, change, func, args) => {
                format!("{change:?} ({}{})", self.env.function(*func).name, self.exprs(args))
            }
            Action::Panic(_, message) => format!("panic {message:?}"),
            Action::Expr(expr) => self.expr(expr),
        }
    }

    fn rule(&self, rule: &Rule) -> String {
        let head: Vec<String> = rule.head.iter().map(|action| self.action(action)).collect();
        let vars = rule.vars.iter().map(|var| {
            let name = if var.name.is_empty() { "_" } else { &var.name };
            format!("{name}:{}", self.env.sorts().name(var.sort))
        });
        let vars = vars.collect::<Vec<_>>().join(" ");
        format!("rule [{vars}] {} => {}", self.query(&rule.body), head.join("; "))
    }

    fn command(&self, command: &Command) -> String {
        match command {
            Command::Rule(rule) => self.rule(rule),
            Command::Check(_, query) => format!("check {}", self.query(query)),
            Command::Action(action) => self.action(action),
            Command::Let(_, global, value) => {
                format!("{} := {}", self.env.global(*global).name, self.expr(value))
            }
            Command::Fail(_, inner) => format!("fail {}", self.command(inner)),
            Command::Refused(error) => format!("refused {}", error.code),
            other => format!("{other:?}"),
        }
    }
}

/// Checks a program and shows what the commands after `----` resolve to, or its first error.
fn resolves(program: &str, expected: &Expect) {
    let (setup, shown) = program.split_once("----").unwrap_or(("", program));
    let mut sources = Sources::new();
    let (mut checker, values) = (Checker::new(), Values::new());
    let mut out = String::new();
    for (text, show) in [(setup, false), (shown.trim(), true)] {
        let file = sources.add("test.egg", text);
        let commands = parse(file, text).unwrap_or_else(|errors| panic!("{errors}"));
        for command in commands {
            match checker.check(&values, &command) {
                Ok(resolved) if show => {
                    let writer = Writer { env: checker.env() };
                    let lines = resolved.iter().map(|command| writer.command(command) + "\n");
                    out.extend(lines);
                }
                Ok(_) => {}
                Err(error) => out += &(sources.render(&error) + "\n"),
            }
        }
    }
    expected.assert_eq(&out);
}
