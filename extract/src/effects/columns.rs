//! The columns, and how a builder is told of them.

use crate::problem::{ClassIndex, NodeIndex};

/// A state of one kind on its way through one region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    /// The region.
    pub region: u32,
    /// The state on entry.
    pub entry: ClassIndex,
    /// The state at the end.
    pub result: ClassIndex,
    /// The effect, on a walk of another region, that makes this walk live; none if it is live in
    /// any case.
    pub by: Option<NodeIndex>,
    /// Whether the state leaves the region as it enters if the walk is not live, so that what
    /// reads it on entry reads the source of `by`.
    pub keeps: bool,
}

/// What a node asks of the walks, in the numbers of a builder: classes and nodes in order of
/// insertion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeEffects {
    /// The state that it consumes: it is an effect, and its class a state of the same walk.
    pub source: Option<u32>,
    /// The event that it belongs to, if other nodes do as well.
    pub event: Option<u32>,
    /// States that must be current when it runs.
    pub reads: Vec<u32>,
    /// Effects that must be on their walks.
    pub needs: Vec<u32>,
    /// Values that the answer must have too.
    pub requires: Vec<u32>,
}

/// A walk in the numbers of a builder; the fields are those of [`Walk`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkSource {
    /// The region.
    pub region: u32,
    /// The state on entry.
    pub entry: u32,
    /// The state at the end.
    pub result: u32,
    /// The effect that opens it.
    pub by: Option<u32>,
    /// Whether the instance keeps the state if the walk is not live.
    pub keeps: bool,
}

/// A region of the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegionSource {
    /// The region around it and the event of the instance that owns it; none for a whole program's.
    pub owner: Option<(u32, u32)>,
}

/// All that a builder is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EffectSource {
    /// The region of each class.
    pub class_region: Vec<u32>,
    /// The walk of each class that is a state.
    pub class_walk: Vec<Option<u32>>,
    /// By node, in order of insertion.
    pub nodes: Vec<NodeEffects>,
    /// The walks.
    pub walks: Vec<WalkSource>,
    /// The regions.
    pub regions: Vec<RegionSource>,
}

/// No class, no event.
const NONE: u32 = u32::MAX;

/// A list of numbers per node.
#[derive(Clone, Debug, Default, PartialEq)]
struct Lists {
    start: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn of<'a>(lists: impl Iterator<Item = &'a [u32]>) -> Lists {
        let mut made = Lists { start: vec![0], items: Vec::new() };
        for list in lists {
            made.items.extend_from_slice(list);
            made.start.push(made.items.len() as u32);
        }
        made
    }

    fn get(&self, at: usize) -> &[u32] {
        &self.items[self.start[at] as usize..self.start[at + 1] as usize]
    }
}

/// The dense columns of a problem with states.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    class_region: Vec<u32>,
    class_walk: Vec<u32>,
    sources: Vec<u32>,
    events: Vec<u32>,
    reads: Lists,
    needs: Lists,
    requires: Lists,
    walks: Vec<Walk>,
    opened: Lists,
    regions: Vec<RegionSource>,
}

impl Effects {
    /// The columns, for nodes in a new order: `order` gives the old number of each.
    ///
    /// # Panics
    /// If a number is out of range, a column has the wrong length, or an effect's class is not a
    /// state of its source's walk.
    pub(crate) fn new(source: EffectSource, order: &[u32], node_class: &[u32]) -> Effects {
        let mut place = vec![NONE; order.len()];
        for (new, old) in order.iter().enumerate() {
            place[*old as usize] = new as u32;
        }
        assert_eq!(source.nodes.len(), order.len(), "an entry per node");
        assert_eq!(source.class_region.len(), source.class_walk.len(), "an entry per class");
        let nodes: Vec<NodeEffects> = order
            .iter()
            .map(|old| {
                let mut node = source.nodes[*old as usize].clone();
                node.needs.iter_mut().for_each(|need| *need = place[*need as usize]);
                node
            })
            .collect();
        let walks: Vec<Walk> = source
            .walks
            .iter()
            .map(|walk| Walk {
                region: walk.region,
                entry: ClassIndex(walk.entry),
                result: ClassIndex(walk.result),
                by: walk.by.map(|by| NodeIndex(place[by as usize])),
                keeps: walk.keeps,
            })
            .collect();
        let class_walk: Vec<u32> = source.class_walk.iter().map(|w| w.unwrap_or(NONE)).collect();
        for (node, class) in nodes.iter().zip(node_class) {
            let walk = class_walk[*class as usize];
            let fits = node.source.is_none_or(|s| class_walk[s as usize] == walk && walk != NONE);
            assert!(fits, "an effect stays on its walk");
        }
        let mut opened: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
        for (at, walk) in walks.iter().enumerate() {
            assert!((walk.region as usize) < source.regions.len(), "a walk's region is known");
            if let Some(by) = walk.by {
                opened[by.index()].push(at as u32);
            }
        }
        Effects {
            class_region: source.class_region,
            class_walk,
            sources: nodes.iter().map(|node| node.source.unwrap_or(NONE)).collect(),
            events: nodes.iter().map(|node| node.event.unwrap_or(NONE)).collect(),
            reads: Lists::of(nodes.iter().map(|node| &node.reads[..])),
            needs: Lists::of(nodes.iter().map(|node| &node.needs[..])),
            requires: Lists::of(nodes.iter().map(|node| &node.requires[..])),
            opened: Lists::of(opened.iter().map(|list| &list[..])),
            walks,
            regions: source.regions,
        }
    }

    /// The region of a class.
    pub fn region(&self, class: ClassIndex) -> u32 {
        self.class_region[class.index()]
    }

    /// The region of each class.
    pub(crate) fn class_regions(&self) -> &[u32] {
        &self.class_region
    }

    /// The walk of a state; none for a value.
    pub fn walk_of(&self, class: ClassIndex) -> Option<usize> {
        Some(self.class_walk[class.index()]).filter(|walk| *walk != NONE).map(|walk| walk as usize)
    }

    /// The state that an effect consumes; none for other nodes.
    pub fn source(&self, node: NodeIndex) -> Option<ClassIndex> {
        Some(self.sources[node.index()]).filter(|class| *class != NONE).map(ClassIndex)
    }

    /// The event that a node shares with others.
    pub fn event(&self, node: NodeIndex) -> Option<u32> {
        Some(self.events[node.index()]).filter(|event| *event != NONE)
    }

    /// The states that a node reads.
    pub fn reads(&self, node: NodeIndex) -> impl Iterator<Item = ClassIndex> + '_ {
        self.reads.get(node.index()).iter().map(|class| ClassIndex(*class))
    }

    /// The effects that a node needs on their walks.
    pub fn needs(&self, node: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        self.needs.get(node.index()).iter().map(|node| NodeIndex(*node))
    }

    /// The values that a node requires in the answer.
    pub fn requires(&self, node: NodeIndex) -> impl Iterator<Item = ClassIndex> + '_ {
        self.requires.get(node.index()).iter().map(|class| ClassIndex(*class))
    }

    /// The walks.
    pub fn walks(&self) -> &[Walk] {
        &self.walks
    }

    /// The walks that an effect opens.
    pub fn opened_by(&self, node: NodeIndex) -> impl Iterator<Item = usize> + '_ {
        self.opened.get(node.index()).iter().map(|walk| *walk as usize)
    }

    /// The regions.
    pub fn regions(&self) -> &[RegionSource] {
        &self.regions
    }
}
