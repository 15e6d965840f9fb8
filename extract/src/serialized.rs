//! Problems from the JSON of egraph-serialize, the format of extraction-gym.
//!
//! `{"nodes": {id: {"op", "cost", "eclass", "children": [node ids]}}, "root_eclasses": [class]}`;
//! a missing cost is 1, `null` is infinity. Nodes marked `"subsumed": true` are left out. Classes
//! and nodes are numbered in the order of their ids' text.

use crate::problem::{Problem, ProblemBuilder};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use serde_json::{Map, Value};
use std::fmt;

/// What to do about defects that published e-graphs have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Drop roots that name no class instead of refusing the file.
    pub drop_dangling_roots: bool,
}

/// Why a text is no problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It is not JSON: the parser's message.
    Json(String),
    /// The member of that path is missing or of the wrong type.
    Malformed(String),
    /// A node names a child that does not exist.
    DanglingChild {
        /// The node.
        node: String,
        /// The missing child.
        child: String,
    },
    /// A root names a class without nodes.
    DanglingRoot(String),
    /// No root is left, or none was given.
    NoRoots,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Json(message) => write!(f, "not JSON: {message}"),
            ReadError::Malformed(path) => write!(f, "`{path}` is missing or of the wrong type"),
            ReadError::DanglingChild { node, child } => {
                write!(f, "node `{node}` has a child `{child}` that does not exist")
            }
            ReadError::DanglingRoot(class) => write!(f, "the root `{class}` has no nodes"),
            ReadError::NoRoots => f.write_str("there is no root to extract"),
        }
    }
}

impl std::error::Error for ReadError {}

type Numbers<'a> = HashMap<&'a str, u32, FxBuildHasher>;

impl Problem {
    /// Reads a serialized e-graph.
    ///
    /// # Errors
    /// [`ReadError`]; the first defect found.
    pub fn from_json(text: &str, options: ReadOptions) -> Result<Problem, ReadError> {
        let value: Value =
            serde_json::from_str(text).map_err(|error| ReadError::Json(error.to_string()))?;
        let nodes = value.get("nodes").and_then(Value::as_object);
        let nodes = nodes.ok_or_else(|| ReadError::Malformed("nodes".to_owned()))?;
        let roots = value.get("root_eclasses").and_then(Value::as_array);
        let roots = roots.ok_or_else(|| ReadError::Malformed("root_eclasses".to_owned()))?;
        let kept = |node: &Value| node.get("subsumed").and_then(Value::as_bool) != Some(true);

        let mut builder = ProblemBuilder::new();
        let mut classes = Numbers::default();
        for (id, node) in nodes {
            let class = text_member(id, node, "eclass")?;
            if !classes.contains_key(class) {
                classes.insert(class, builder.add_class(class));
            }
        }
        for (id, node) in nodes.iter().filter(|(_, node)| kept(node)) {
            let children = children(id, node, nodes, &classes)?;
            let class = classes[text_member(id, node, "eclass")?];
            let cost = cost(id, node)?;
            builder.add_named_node(class, id, text_member(id, node, "op")?, cost, &children);
        }
        let mut any = false;
        for root in roots {
            let name =
                root.as_str().ok_or_else(|| ReadError::Malformed("root_eclasses".to_owned()))?;
            match classes.get(name) {
                Some(class) => {
                    builder.add_root(*class);
                    any = true;
                }
                None if options.drop_dangling_roots => {}
                None => return Err(ReadError::DanglingRoot(name.to_owned())),
            }
        }
        if any { Ok(builder.build()) } else { Err(ReadError::NoRoots) }
    }
}

fn text_member<'a>(id: &str, node: &'a Value, name: &str) -> Result<&'a str, ReadError> {
    let member = node.get(name).and_then(Value::as_str);
    member.ok_or_else(|| ReadError::Malformed(format!("nodes.{id}.{name}")))
}

fn cost(id: &str, node: &Value) -> Result<f64, ReadError> {
    match node.get("cost") {
        None => Ok(1.0),
        Some(Value::Null) => Ok(f64::INFINITY),
        Some(cost) => cost.as_f64().ok_or_else(|| ReadError::Malformed(format!("nodes.{id}.cost"))),
    }
}

/// Classes of a node's children, which are named by node.
fn children(
    id: &str,
    node: &Value,
    nodes: &Map<String, Value>,
    classes: &Numbers<'_>,
) -> Result<Vec<u32>, ReadError> {
    let malformed = || ReadError::Malformed(format!("nodes.{id}.children"));
    let Some(list) = node.get("children") else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for child in list.as_array().ok_or_else(malformed)? {
        let child = child.as_str().ok_or_else(malformed)?;
        let Some(target) = nodes.get(child) else {
            let (node, child) = (id.to_owned(), child.to_owned());
            return Err(ReadError::DanglingChild { node, child });
        };
        found.push(classes[text_member(child, target, "eclass")?]);
    }
    Ok(found)
}
