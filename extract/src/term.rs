//! Out again: a problem as the JSON of egraph-serialize, and the chosen term as JSON, as an
//! S-expression and as a Graphviz graph.
//!
//! No recursion: terms may be arbitrarily deep. Time and output are linear in the problem or in the
//! chosen part of it; a class that the term uses more than once is written once and named.

use crate::check::CheckError;
use crate::problem::{ClassIndex, NodeIndex, Problem};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// How a chosen term is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermFormat {
    /// A serialized e-graph that holds the chosen nodes only.
    Json,
    /// One expression a line: `(let $name expression)` for what is used more than once and is no
    /// leaf, then the roots in order. Names have more `$` than any operator begins with.
    Sexpr,
    /// A Graphviz graph with a node per chosen node.
    Dot,
}

impl Problem {
    /// The problem as JSON of egraph-serialize; reading it gives an equal problem up to numbering,
    /// except that an edge to a class without nodes, and the node it belongs to, are left out.
    pub fn to_json(&self) -> Value {
        let standing: Vec<Option<NodeIndex>> =
            self.classes().map(|class| self.nodes(class).next()).collect();
        let all = self.classes().flat_map(|class| self.nodes(class));
        let mut whole = self.serialized(all, &standing);
        if let Some(effects) = self.effects_json() {
            whole["effects"] = effects;
        }
        whole
    }

    /// The term that the roots need, in the given form.
    ///
    /// # Errors
    /// What [`check()`](crate::check()) says about the choices.
    pub fn term(
        &self,
        choices: &[Option<NodeIndex>],
        format: TermFormat,
    ) -> Result<String, CheckError> {
        crate::check(self, choices)?;
        let order = self.needed(choices);
        Ok(match format {
            TermFormat::Json => {
                let nodes = order.iter().filter_map(|class| choices[class.index()]);
                self.serialized(nodes, choices).to_string()
            }
            TermFormat::Sexpr => self.sexpr(choices, &order),
            TermFormat::Dot => self.dot(choices, &order),
        })
    }

    fn serialized(
        &self,
        nodes: impl Iterator<Item = NodeIndex>,
        standing: &[Option<NodeIndex>],
    ) -> Value {
        let mut written = Map::new();
        for node in nodes {
            let children: Option<Vec<&str>> = self
                .operands(node)
                .map(|class| standing[class.index()].map(|node| self.node_name(node)))
                .collect();
            let Some(children) = children else { continue };
            // JSON has no infinity: null stands for it.
            let body = json!({
                "op": self.op(node),
                "cost": self.cost(node),
                "eclass": self.class_name(self.class(node)),
                "children": children,
            });
            written.insert(self.node_name(node).to_owned(), body);
        }
        let roots: Vec<&str> = self.roots().iter().map(|root| self.class_name(*root)).collect();
        json!({ "nodes": written, "root_eclasses": roots })
    }

    /// The classes that the roots need, children first, if the choices are legal.
    pub fn needed(&self, choices: &[Option<NodeIndex>]) -> Vec<ClassIndex> {
        let mut seen = vec![false; self.class_count()];
        let mut order = Vec::new();
        let mut stack: Vec<(ClassIndex, bool)> =
            self.roots().iter().rev().map(|root| (*root, false)).collect();
        while let Some((class, leaving)) = stack.pop() {
            if leaving {
                order.push(class);
            } else if !std::mem::replace(&mut seen[class.index()], true) {
                stack.push((class, true));
                let node = choices[class.index()].into_iter();
                let below: Vec<_> = node.flat_map(|node| self.children(node)).collect();
                stack.extend(below.into_iter().rev().map(|child| (child, false)));
            }
        }
        order
    }

    fn sexpr(&self, choices: &[Option<NodeIndex>], order: &[ClassIndex]) -> String {
        let mut uses = vec![0_usize; self.class_count()];
        let chosen = |class: &ClassIndex| choices[class.index()];
        for class in order.iter().filter_map(chosen).flat_map(|node| self.operands(node)) {
            uses[class.index()] += 1;
        }
        for root in self.roots() {
            uses[root.index()] += 1;
        }
        let named = |class: ClassIndex| {
            let node = choices[class.index()];
            uses[class.index()] > 1 && node.is_some_and(|node| self.operands(node).len() > 0)
        };
        // No operator may be mistaken for a name.
        let mut mark = "$".to_owned();
        while order.iter().filter_map(chosen).any(|node| self.op(node).starts_with(&mark)) {
            mark.push('$');
        }
        let name = |class: ClassIndex| atom(&format!("{mark}{}", self.class_name(class)));
        let mut text = String::new();
        for class in order.iter().filter(|class| named(**class)) {
            text.push_str("(let ");
            text.push_str(&name(*class));
            text.push(' ');
            self.expression(*class, choices, |class| named(class).then(|| name(class)), &mut text);
            text.push_str(")\n");
        }
        for root in self.roots() {
            if named(*root) {
                text.push_str(&name(*root));
            } else {
                self.expression(*root, choices, |c| named(c).then(|| name(c)), &mut text);
            }
            text.push('\n');
        }
        text
    }

    /// Writes what is chosen for a class; `name` gives what stands for an operand that has one.
    fn expression(
        &self,
        class: ClassIndex,
        choices: &[Option<NodeIndex>],
        name: impl Fn(ClassIndex) -> Option<String>,
        text: &mut String,
    ) {
        enum Step {
            Class(ClassIndex),
            Close,
        }
        let mut stack = vec![Step::Class(class)];
        let mut first = true;
        while let Some(step) = stack.pop() {
            let Step::Class(operand) = step else {
                text.push(')');
                continue;
            };
            if !first {
                text.push(' ');
                if let Some(name) = name(operand) {
                    text.push_str(&name);
                    continue;
                }
            }
            first = false;
            let Some(node) = choices[operand.index()] else { continue };
            let operands: Vec<_> = self.operands(node).map(Step::Class).collect();
            if operands.is_empty() {
                text.push_str(&atom(self.op(node)));
            } else {
                text.push('(');
                text.push_str(&atom(self.op(node)));
                stack.push(Step::Close);
                stack.extend(operands.into_iter().rev());
            }
        }
    }

    fn dot(&self, choices: &[Option<NodeIndex>], order: &[ClassIndex]) -> String {
        let mut text =
            String::from("digraph term {\n  node [shape=box, fontname=\"monospace\"];\n");
        for class in order {
            let Some(node) = choices[class.index()] else { continue };
            let root = if self.roots().contains(class) { ", peripheries=2" } else { "" };
            let label = quoted(self.op(node));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  n{} [label={label}{root}];", class.0);
            for (at, operand) in self.operands(node).enumerate() {
                let _ = writeln!(text, "  n{} -> n{} [label={at}];", class.0, operand.0);
            }
        }
        text.push_str("}\n");
        text
    }
}

/// A name as S-expressions read it back: quoted if it holds what ends a name.
fn atom(name: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | ';');
    if name.is_empty() || name.contains(ends) { quoted(name) } else { name.to_owned() }
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Control, Extractor, GreedyDag, ProblemBuilder, ReadOptions};

    /// `a - ((a - b) * (a - b))`, with another, dearer way to write the product.
    fn shared() -> (Problem, Vec<Option<NodeIndex>>) {
        let mut builder = ProblemBuilder::new();
        let names = ["a", "b", "diff", "square", "out"];
        let [a, b, diff, square, out] = names.map(|name| builder.add_class(name));
        builder.add_node(a, "a", 1.0, &[]);
        builder.add_node(b, "b \"x\"", 1.0, &[]);
        builder.add_node(diff, "-", 1.0, &[a, b]);
        builder.add_node(square, "pow2", 9.0, &[diff]);
        builder.add_node(square, "*", 1.0, &[diff, diff]);
        builder.add_node(out, "-", 1.0, &[a, square]);
        builder.add_root(out);
        builder.add_root(square);
        let problem = builder.build();
        let choices = GreedyDag.extract(&problem, &Control::default()).choices;
        (problem, choices)
    }

    #[test]
    fn what_is_shared_is_named_once() {
        let (problem, choices) = shared();
        let text = problem.term(&choices, TermFormat::Sexpr).unwrap();
        let expected = "(let $diff (- a \"b \\\"x\\\"\"))\n(let $square (* $diff $diff))\n\
                        (- a $square)\n$square\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn names_are_no_operators() {
        let mut builder = ProblemBuilder::new();
        let [variable, call, pair] = ["0", "1", "2"].map(|name| builder.add_class(name));
        builder.add_node(variable, "$1", 1.0, &[]);
        builder.add_node(call, "f", 1.0, &[variable]);
        builder.add_node(pair, "pair", 1.0, &[call, call, variable]);
        builder.add_root(pair);
        let problem = builder.build();
        let choices = GreedyDag.extract(&problem, &Control::default()).choices;
        let text = problem.term(&choices, TermFormat::Sexpr).unwrap();
        assert_eq!(text, "(let $$1 (f $1))\n(pair $$1 $$1 $1)\n");
    }

    #[test]
    fn a_term_in_json_is_a_problem_with_one_answer() {
        let (problem, choices) = shared();
        let text = problem.term(&choices, TermFormat::Json).unwrap();
        let term = Problem::from_json(&text, ReadOptions::default()).unwrap();
        assert_eq!((term.class_count(), term.node_count()), (5, 5));
        let only = GreedyDag.extract(&term, &Control::default());
        let costs = crate::check(&term, &only.choices).unwrap();
        assert_eq!(costs, crate::check(&problem, &choices).unwrap());
    }

    #[test]
    fn a_problem_survives_json() {
        let (problem, _) = shared();
        let text = problem.to_json().to_string();
        let again = Problem::from_json(&text, ReadOptions::default()).unwrap();
        assert_eq!(again.to_json(), problem.to_json());
        assert_eq!(again.node_count(), problem.node_count());
    }

    #[test]
    fn a_graph_has_an_edge_per_operand() {
        let (problem, choices) = shared();
        let text = problem.term(&choices, TermFormat::Dot).unwrap();
        assert_eq!(text.matches(" -> ").count(), 6);
        assert!(text.contains("n1 [label=\"b \\\"x\\\"\"];"), "{text}");
        assert!(text.contains("n4 [label=\"-\", peripheries=2];"), "{text}");
    }

    #[test]
    fn illegal_choices_are_refused() {
        let (problem, _) = shared();
        let none = vec![None; problem.class_count()];
        assert!(problem.term(&none, TermFormat::Sexpr).is_err());
    }

    #[test]
    fn deep_terms_are_written() {
        let mut builder = ProblemBuilder::new();
        let mut below = builder.add_class("0");
        builder.add_node(below, "x", 1.0, &[]);
        for depth in 1..100_000 {
            let class = builder.add_class(&depth.to_string());
            builder.add_node(class, "s", 1.0, &[below]);
            below = class;
        }
        builder.add_root(below);
        let problem = builder.build();
        let choices: Vec<_> = problem.classes().map(|c| problem.nodes(c).next()).collect();
        let text = problem.term(&choices, TermFormat::Sexpr).unwrap();
        assert_eq!(text.matches('(').count(), 99_999);
    }
}
