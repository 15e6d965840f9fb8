//! The columns in JSON, beside the nodes of egraph-serialize: a member `effects`.
//!
//! ```json
//! {"states": {"class": walk}, "regions": [null, [0, 7]], "class_regions": {"class": 1},
//!  "walks": [{"region": 0, "entry": "class", "result": "class", "by": "node", "keeps": true}],
//!  "nodes": {"node": {"source": "class", "event": 7, "reads": ["class"], "needs": ["node"],
//!                     "requires": ["class"]}}}
//! ```
//!
//! `regions` gives for each region the one around it and the event of its instance. Members without
//! content may be left out, and so may classes of region 0.

use super::{EffectSource, NodeEffects, RegionSource, WalkSource};
use crate::problem::{NodeIndex, Problem};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A map of names, kept in the order of the text.
type Named<T> = Map<String, T>;

/// What a file says.
#[derive(Deserialize)]
pub(crate) struct RawEffects {
    #[serde(default)]
    states: Named<Value>,
    #[serde(default)]
    class_regions: Named<Value>,
    #[serde(default)]
    regions: Vec<Option<(u32, u32)>>,
    #[serde(default)]
    walks: Vec<RawWalk>,
    #[serde(default)]
    nodes: Named<Value>,
}

#[derive(Deserialize)]
struct RawWalk {
    #[serde(default)]
    region: u32,
    entry: String,
    result: String,
    by: Option<String>,
    #[serde(default)]
    keeps: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawNode {
    source: Option<String>,
    event: Option<u32>,
    reads: Vec<String>,
    needs: Vec<String>,
    requires: Vec<String>,
}

type Numbers = HashMap<String, u32, FxBuildHasher>;

impl RawEffects {
    /// The columns for classes and nodes in the order in which a builder was given them.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn resolve(
        self,
        classes: &[String],
        nodes: &[(String, u32)],
    ) -> Result<EffectSource, String> {
        let number = |names: &mut dyn Iterator<Item = &String>| -> Numbers {
            names.enumerate().map(|(at, name)| (name.clone(), at as u32)).collect()
        };
        let class_of = number(&mut classes.iter());
        let node_of = number(&mut nodes.iter().map(|(name, _)| name));
        let class = |name: &str| {
            class_of.get(name).copied().ok_or_else(|| format!("there is no class `{name}`"))
        };
        let node = |name: &str| {
            node_of.get(name).copied().ok_or_else(|| format!("there is no node `{name}`"))
        };
        let small = |value: &Value| {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| format!("{value} is not a number of a region or walk"))
        };
        let mut regions: Vec<RegionSource> =
            self.regions.into_iter().map(|owner| RegionSource { owner }).collect();
        if regions.is_empty() {
            regions.push(RegionSource::default());
        }
        let mut source = EffectSource {
            class_region: vec![0; classes.len()],
            class_walk: vec![None; classes.len()],
            nodes: vec![NodeEffects::default(); nodes.len()],
            walks: Vec::new(),
            regions,
        };
        for (name, value) in &self.class_regions {
            source.class_region[class(name)? as usize] = small(value)?;
        }
        for (name, value) in &self.states {
            source.class_walk[class(name)? as usize] = Some(small(value)?);
        }
        for walk in self.walks {
            source.walks.push(WalkSource {
                region: walk.region,
                entry: class(&walk.entry)?,
                result: class(&walk.result)?,
                by: walk.by.as_deref().map(node).transpose()?,
                keeps: walk.keeps,
            });
        }
        for (name, value) in self.nodes {
            let raw: RawNode = serde_json::from_value(value).map_err(|e| e.to_string())?;
            source.nodes[node(&name)? as usize] = NodeEffects {
                source: raw.source.as_deref().map(class).transpose()?,
                event: raw.event,
                reads: raw.reads.iter().map(|name| class(name)).collect::<Result<_, _>>()?,
                needs: raw.needs.iter().map(|name| node(name)).collect::<Result<_, _>>()?,
                requires: raw.requires.iter().map(|name| class(name)).collect::<Result<_, _>>()?,
            };
        }
        source.check(nodes)?;
        Ok(source)
    }
}

impl EffectSource {
    /// Whether the numbers fit together; `nodes` gives the class of each.
    fn check(&self, nodes: &[(String, u32)]) -> Result<(), String> {
        let regions = self.regions.len() as u32;
        let known = self.class_region.iter().chain(self.walks.iter().map(|walk| &walk.region));
        if let Some(region) = known.into_iter().find(|region| **region >= regions) {
            return Err(format!("there is no region {region}"));
        }
        for (at, region) in self.regions.iter().enumerate() {
            if region.owner.is_some_and(|(outer, _)| outer as usize >= at) {
                return Err(format!("region {at} comes before the one around it"));
            }
        }
        let walks = self.walks.len() as u32;
        if let Some(walk) = self.class_walk.iter().flatten().find(|walk| **walk >= walks) {
            return Err(format!("there is no walk {walk}"));
        }
        for (at, walk) in self.walks.iter().enumerate() {
            for end in [walk.entry, walk.result] {
                if self.class_walk[end as usize] != Some(at as u32) {
                    return Err(format!("walk {at} ends at a state of another"));
                }
            }
        }
        for (node, (name, class)) in self.nodes.iter().zip(nodes) {
            let walk = self.class_walk[*class as usize];
            let source = node.source.map(|source| self.class_walk[source as usize]);
            if source.is_some_and(|source| source != walk || walk.is_none()) {
                return Err(format!("the effect `{name}` leaves its walk"));
            }
        }
        Ok(())
    }
}

impl Problem {
    /// The columns as they are written.
    pub(crate) fn effects_json(&self) -> Option<Value> {
        let effects = self.effects()?;
        let name = |class| self.class_name(class).to_owned();
        let (mut states, mut class_regions) = (Map::new(), Map::new());
        for class in self.classes() {
            if let Some(walk) = effects.walk_of(class) {
                states.insert(name(class), json!(walk));
            }
            if effects.region(class) != 0 {
                class_regions.insert(name(class), json!(effects.region(class)));
            }
        }
        let mut nodes = Map::new();
        for node in (0..self.node_count() as u32).map(NodeIndex) {
            let mut entry = Map::new();
            let mut put = |member: &str, value: Vec<String>| {
                if !value.is_empty() {
                    entry.insert(member.to_owned(), json!(value));
                }
            };
            put("reads", effects.reads(node).map(name).collect());
            put("requires", effects.requires(node).map(name).collect());
            put("needs", effects.needs(node).map(|n| self.node_name(n).to_owned()).collect());
            if let Some(source) = effects.source(node) {
                entry.insert("source".to_owned(), json!(name(source)));
            }
            if let Some(event) = effects.event(node) {
                entry.insert("event".to_owned(), json!(event));
            }
            if !entry.is_empty() {
                nodes.insert(self.node_name(node).to_owned(), Value::Object(entry));
            }
        }
        let walks: Vec<Value> = effects
            .walks()
            .iter()
            .map(|walk| {
                json!({
                    "region": walk.region,
                    "entry": name(walk.entry),
                    "result": name(walk.result),
                    "by": walk.by.map(|by| self.node_name(by)),
                    "keeps": walk.keeps,
                })
            })
            .collect();
        let regions: Vec<_> = effects.regions().iter().map(|region| region.owner).collect();
        Some(json!({
            "states": states,
            "class_regions": class_regions,
            "regions": regions,
            "walks": walks,
            "nodes": nodes,
        }))
    }
}
