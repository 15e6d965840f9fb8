//! Drawing a function with Graphviz: a nested cluster per region, dashed edges for states.

use crate::graph::{Function, NodeId, NodeKind, RegionId, ValueDef, ValueId};
use crate::op::Op;
use crate::walk::{Event, walk};
use std::fmt::Write;

/// The function in Graphviz's language. Regions are clusters with a node for their parameters and
/// one for their results; edges lead from definitions to uses, dashed for states, and carry the
/// position of the operand where there are several.
///
/// # Panics
/// If a node or region that does not exist is listed.
pub fn to_dot(function: &Function) -> String {
    let mut drawing = Drawing { function, clusters: String::new(), edges: String::new(), depth: 1 };
    for event in walk(function) {
        match event {
            Event::Enter(region) => drawing.enter(region),
            Event::Visit(node) => drawing.visit(node),
            Event::Define(node) => drawing.define(node),
            Event::Leave(region) => drawing.leave(region),
        }
    }
    let name = escape(&function.name);
    format!(
        "digraph \"{name}\" {{\n  node [shape=box, fontname=monospace];\n{}{}}}\n",
        drawing.clusters, drawing.edges
    )
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

struct Drawing<'a> {
    function: &'a Function,
    clusters: String,
    edges: String,
    depth: usize,
}

impl Drawing<'_> {
    fn line(&mut self, arguments: std::fmt::Arguments<'_>) {
        let indent = 2 * self.depth;
        // Writing to a string cannot fail.
        let _ = writeln!(self.clusters, "{:indent$}{arguments}", "");
    }

    fn enter(&mut self, region: RegionId) {
        let function = self.function;
        let content = function.region(region);
        let id = region.index();
        let label = match content.owner.map(|owner| (owner, &function.node(owner).kind)) {
            None => format!("lambda {}", function.name),
            Some((_, NodeKind::Gamma { arms })) => {
                let position = arms.iter().position(|arm| *arm == region).unwrap_or(0);
                format!("arm {position}")
            }
            Some(_) => "body".to_owned(),
        };
        self.line(format_args!("subgraph cluster_r{id} {{"));
        self.depth += 1;
        self.line(format_args!("label=\"{}\";", escape(&label)));
        let types: Vec<String> =
            content.params.iter().map(|value| function.ty(*value).to_string()).collect();
        let params = escape(&types.join(", "));
        self.line(format_args!("p{id} [label=\"parameters ({params})\", style=rounded];"));
    }

    fn leave(&mut self, region: RegionId) {
        let id = region.index();
        self.line(format_args!("r{id} [label=\"results\", style=rounded];"));
        self.depth -= 1;
        self.line(format_args!("}}"));
        let results = &self.function.region(region).results;
        self.uses(results, &format!("r{id}"));
    }

    fn visit(&mut self, node: NodeId) {
        let function = self.function;
        let content = function.node(node);
        let id = node.index();
        match &content.kind {
            NodeKind::Simple(op) => {
                let label = match op {
                    Op::Guard(fault) => match function.faults.get(fault.0 as usize) {
                        Some(fault) => format!("guard {}", fault.kind.name()),
                        None => op.to_string(),
                    },
                    op => op.to_string(),
                };
                self.line(format_args!("n{id} [label=\"{}\"];", escape(&label)));
            }
            NodeKind::Gamma { .. } | NodeKind::Theta { .. } => {
                let name =
                    if matches!(content.kind, NodeKind::Theta { .. }) { "theta" } else { "gamma" };
                self.line(format_args!("subgraph cluster_n{id} {{"));
                self.depth += 1;
                self.line(format_args!("style=bold;"));
                self.line(format_args!("n{id} [label=\"{name}\", shape=ellipse];"));
            }
        }
        self.uses(&content.operands, &format!("n{id}"));
    }

    fn define(&mut self, node: NodeId) {
        if !matches!(self.function.node(node).kind, NodeKind::Simple(_)) {
            self.depth -= 1;
            self.line(format_args!("}}"));
        }
    }

    fn uses(&mut self, values: &[ValueId], user: &str) {
        for (position, value) in values.iter().enumerate() {
            if value.index() >= self.function.value_count() {
                continue;
            }
            let (from, index) = match self.function.value(*value).def {
                ValueDef::Param { region, index } => (format!("p{}", region.index()), index),
                ValueDef::Output { node, index } => (format!("n{}", node.index()), index),
            };
            let style = if self.function.ty(*value).is_state() { ", style=dashed" } else { "" };
            let _ = writeln!(
                self.edges,
                "  {from} -> {user} [taillabel=\"{index}\", headlabel=\"{position}\"{style}];"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{RandomOptions, random_function};
    use crate::text::parse;

    #[test]
    fn a_small_function() {
        let f = parse(
            "(lambda @f [(%x f64)] [%io] -> f64
               (%y = gamma (fcmp.lt %x 0.0) [] (arm [] (results %x)) (arm [] (results (fneg %x))))
               (results %y %io))",
        );
        expect_test::expect![[r#"
            digraph "f" {
              node [shape=box, fontname=monospace];
              subgraph cluster_r0 {
                label="lambda f";
                p0 [label="parameters (f64, io)", style=rounded];
                n0 [label="const f64 0.0"];
                n1 [label="fcmp.lt"];
                subgraph cluster_n3 {
                  style=bold;
                  n3 [label="gamma", shape=ellipse];
                  subgraph cluster_r1 {
                    label="arm 0";
                    p1 [label="parameters ()", style=rounded];
                    r1 [label="results", style=rounded];
                  }
                  subgraph cluster_r2 {
                    label="arm 1";
                    p2 [label="parameters ()", style=rounded];
                    n2 [label="fneg"];
                    r2 [label="results", style=rounded];
                  }
                }
                r0 [label="results", style=rounded];
              }
              p0 -> n1 [taillabel="0", headlabel="0"];
              n0 -> n1 [taillabel="0", headlabel="1"];
              n1 -> n3 [taillabel="0", headlabel="0"];
              p0 -> r1 [taillabel="0", headlabel="0"];
              p0 -> n2 [taillabel="0", headlabel="0"];
              n2 -> r2 [taillabel="0", headlabel="0"];
              n3 -> r0 [taillabel="0", headlabel="0"];
              p0 -> r0 [taillabel="1", headlabel="1", style=dashed];
            }
        "#]]
        .assert_eq(&to_dot(&f.unwrap()));
    }

    #[test]
    fn braces_balance() {
        for seed in 0..20 {
            let dot = to_dot(&random_function(seed, &RandomOptions::default()));
            assert_eq!(dot.matches('{').count(), dot.matches('}').count());
        }
    }
}
