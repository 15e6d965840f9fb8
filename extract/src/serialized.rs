//! Problems from the JSON of egraph-serialize, the format of extraction-gym.
//!
//! `{"nodes": {id: {"op", "cost", "eclass", "children": [node ids]}}, "root_eclasses": [class]}`;
//! a missing cost is 1. Nodes marked `"subsumed": true` and nodes of infinite cost (`null`) are
//! left out. A member `effects` holds the columns of [`crate::effects`]. Classes are numbered in order of first mention, nodes in the order of the file within
//! their class. The text is read in one pass, without a tree of values in between.

use crate::builder::ProblemBuilder;
use crate::diagnostics::{Diagnostic, structural};
use crate::effects::RawEffects;
use crate::problem::Problem;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// What to do about defects that published e-graphs have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// Drop roots that name no class instead of refusing the file.
    pub drop_dangling_roots: bool,
    /// Leave out nodes with a child that does not exist instead of refusing the file.
    pub drop_dangling_nodes: bool,
}

impl ReadOptions {
    /// Reads whatever can be read.
    pub fn repair() -> ReadOptions {
        ReadOptions { drop_dangling_roots: true, drop_dangling_nodes: true }
    }
}

/// Why a text is no problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It is not JSON, or a member is of the wrong type: the parser's message, with the place.
    Json(String),
    /// The member of that path is missing.
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
    /// The columns of states and regions do not fit the nodes, or each other.
    Effects(String),
    /// No root is left, or none was given.
    NoRoots,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Json(message) => write!(f, "not a serialized e-graph: {message}"),
            ReadError::Malformed(path) => write!(f, "`{path}` is missing"),
            ReadError::DanglingChild { node, child } => {
                write!(f, "node `{node}` has a child `{child}` that does not exist")
            }
            ReadError::DanglingRoot(class) => write!(f, "the root `{class}` has no nodes"),
            ReadError::Effects(what) => write!(f, "`effects`: {what}"),
            ReadError::NoRoots => f.write_str("there is no root to extract"),
        }
    }
}

impl std::error::Error for ReadError {}

/// A problem with what was found wrong or remarkable in its source.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The problem.
    pub problem: Problem,
    /// In the order in which they were found.
    pub diagnostics: Vec<Diagnostic>,
}

type Numbers<'a> = HashMap<&'a str, u32, FxBuildHasher>;

impl Problem {
    /// Reads a serialized e-graph.
    ///
    /// # Errors
    /// [`ReadError`]; the first defect that the options do not repair.
    pub fn from_json(text: &str, options: ReadOptions) -> Result<Problem, ReadError> {
        read(text, options).map(|(problem, _)| problem)
    }

    /// Reads a serialized e-graph and says what is wrong or remarkable in it, at the cost of a
    /// second look over the nodes.
    ///
    /// # Errors
    /// [`ReadError`]; the first defect that the options do not repair.
    pub fn load(text: &str, options: ReadOptions) -> Result<Loaded, ReadError> {
        let (problem, mut diagnostics) = read(text, options)?;
        diagnostics.extend(structural(&problem));
        Ok(Loaded { problem, diagnostics })
    }
}

fn read(text: &str, options: ReadOptions) -> Result<(Problem, Vec<Diagnostic>), ReadError> {
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|error| ReadError::Json(error.to_string()))?;
    let nodes = document.nodes.ok_or_else(|| ReadError::Malformed("nodes".to_owned()))?.0;
    let roots = document.root_eclasses;
    let roots = roots.ok_or_else(|| ReadError::Malformed("root_eclasses".to_owned()))?;
    let mut diagnostics = Vec::new();
    let mut builder = ProblemBuilder::new();
    let classes = number_classes(&nodes, &mut builder)?;
    let mut last = Numbers::with_capacity_and_hasher(nodes.len(), FxBuildHasher);
    for (at, (id, _)) in nodes.iter().enumerate() {
        if last.insert(&id.0, at as u32).is_some() {
            diagnostics.push(Diagnostic::RepeatedId(id.0.to_string()));
        }
    }
    let mut children = Vec::new();
    let mut kept: Vec<(String, u32)> = Vec::new();
    for (at, (id, node)) in nodes.iter().enumerate() {
        if node.subsumed || last[&*id.0] != at as u32 {
            continue;
        }
        let op = node.op.as_ref().ok_or_else(|| missing(&id.0, "op"))?;
        children.clear();
        let mut dangling = None;
        for child in &node.children {
            match last.get(&*child.0) {
                Some(target) => children.push(classes[class_name(&nodes[*target as usize])?]),
                None => dangling = Some(child),
            }
        }
        if let Some(child) = dangling {
            let (node, child) = (id.0.to_string(), child.0.to_string());
            if !options.drop_dangling_nodes {
                return Err(ReadError::DanglingChild { node, child });
            }
            diagnostics.push(Diagnostic::DanglingChild { node, child });
            continue;
        }
        if !node.cost.0.is_finite() {
            diagnostics.push(Diagnostic::InfiniteCost(id.0.to_string()));
            continue;
        }
        let class = classes[class_name(&nodes[at])?];
        builder.add_named_node(class, &id.0, &op.0, node.cost.0, &children);
        if document.effects.is_some() {
            kept.push((id.0.to_string(), class));
        }
    }
    let mut any = false;
    if let Some(raw) = document.effects {
        // A program may be wanted for its effects alone.
        any = true;
        let effects = raw.resolve(&builder.class_names(), &kept).map_err(ReadError::Effects)?;
        builder.set_effects(effects);
    }
    for root in roots {
        match classes.get(&*root.0) {
            Some(class) => {
                builder.add_root(*class);
                any = true;
            }
            None if options.drop_dangling_roots => {
                diagnostics.push(Diagnostic::DanglingRoot(root.0.to_string()));
            }
            None => return Err(ReadError::DanglingRoot(root.0.to_string())),
        }
    }
    if any { Ok((builder.build(), diagnostics)) } else { Err(ReadError::NoRoots) }
}

fn missing(id: &str, member: &str) -> ReadError {
    ReadError::Malformed(format!("nodes.{id}.{member}"))
}

fn class_name<'a>((id, node): &'a (Text<'_>, RawNode<'_>)) -> Result<&'a str, ReadError> {
    node.eclass.as_ref().map(|class| &*class.0).ok_or_else(|| missing(&id.0, "eclass"))
}

fn number_classes<'a>(
    nodes: &'a [(Text<'_>, RawNode<'_>)],
    builder: &mut ProblemBuilder,
) -> Result<Numbers<'a>, ReadError> {
    let mut classes = Numbers::default();
    for node in nodes {
        let class = class_name(node)?;
        if !classes.contains_key(class) {
            classes.insert(class, builder.add_class(class));
        }
    }
    Ok(classes)
}

#[derive(serde::Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    nodes: Option<Nodes<'a>>,
    #[serde(borrow)]
    root_eclasses: Option<Vec<Text<'a>>>,
    effects: Option<RawEffects>,
}

#[derive(serde::Deserialize)]
struct RawNode<'a> {
    #[serde(borrow)]
    op: Option<Text<'a>>,
    #[serde(borrow)]
    eclass: Option<Text<'a>>,
    #[serde(default)]
    cost: Cost,
    #[serde(default, borrow)]
    children: Vec<Text<'a>>,
    #[serde(default)]
    subsumed: bool,
}

/// A cost: 1 where the member is missing, infinity where it is `null`.
struct Cost(f64);

impl Default for Cost {
    fn default() -> Cost {
        Cost(1.0)
    }
}

impl<'de> Deserialize<'de> for Cost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Cost(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::INFINITY)))
    }
}

/// A string that borrows from the text unless it has escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;
        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrow)
    }
}

/// The nodes in the order of the text, repetitions included.
struct Nodes<'a>(Vec<(Text<'a>, RawNode<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Nodes<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Nodes<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a member per node")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Nodes<'de>, M::Error> {
                let mut nodes = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    nodes.push(entry);
                }
                Ok(Nodes(nodes))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
