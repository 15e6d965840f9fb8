//! One step of the dynamic programme: join what is known about a bag, decide its first class.

use super::MAX_BAG;
use crate::extractor::Control;
use crate::problem::{ClassIndex, NodeIndex, Problem};
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// What the classes of a bag take: 0 for nothing, else the number of the node in its class plus 1.
pub(super) type Taken = [u16; MAX_BAG];

const UNSET: u16 = u16::MAX;
const NO_LINK: u32 = u32::MAX;

/// The best cost for each state of the classes that are left of a bag.
pub(super) struct Message {
    /// The class that was eliminated.
    pub(super) class: u32,
    /// The classes that are left.
    pub(super) scope: Vec<u32>,
    pub(super) rows: Vec<Row>,
    /// The rows of other messages behind each row, as lists.
    pub(super) links: Vec<Link>,
}

/// A state with its best cost.
pub(super) struct Row {
    taken: Taken,
    /// Bit `i * MAX_BAG + j`: class `i` of the scope reaches class `j`.
    reach: u128,
    cost: f64,
    /// What the eliminated class takes.
    pub(super) own: u16,
    /// First of the links.
    pub(super) link: u32,
}

/// A row of a message, and the link after it.
pub(super) struct Link {
    pub(super) message: u32,
    pub(super) row: u32,
    pub(super) previous: u32,
}

/// A state of a bag while it is put together.
#[derive(Clone, Copy)]
struct State {
    taken: Taken,
    reach: u128,
    cost: f64,
    link: u32,
}

/// One elimination.
pub(super) struct Step<'a> {
    pub(super) problem: &'a Problem,
    pub(super) component: &'a [u32],
    /// The class to eliminate, then its neighbours.
    pub(super) bag: &'a [u32],
    /// States that cost more are of no use.
    pub(super) upper: f64,
    /// More states than this are too many.
    pub(super) limit: usize,
}

fn bit(from: usize, to: usize) -> u128 {
    1 << (from * MAX_BAG + to)
}

/// The transitive closure; none if something reaches itself.
fn closed(mut reach: u128, size: usize) -> Option<u128> {
    let row = (1_u128 << MAX_BAG) - 1;
    for via in 0..size {
        let beyond = reach >> (via * MAX_BAG) & row;
        if beyond == 0 {
            continue;
        }
        for from in 0..size {
            if reach & bit(from, via) != 0 {
                reach |= beyond << (from * MAX_BAG);
            }
        }
    }
    let cyclic = (0..size).any(|class| reach & bit(class, class) != 0);
    (!cyclic).then_some(reach)
}

impl Step<'_> {
    /// Joins the messages that wait at the class, decides it, and gives the message of the rest.
    /// None if there are too many states, or no time.
    pub(super) fn eliminate(
        &self,
        messages: &[Message],
        waiting: &[usize],
        control: &Control,
    ) -> Option<Message> {
        let mut links = Vec::new();
        let empty = State { taken: [UNSET; MAX_BAG], reach: 0, cost: 0.0, link: NO_LINK };
        let mut states = vec![empty];
        for at in waiting {
            states = self.join(&states, &messages[*at], *at as u32, &mut links)?;
            if control.should_stop() {
                return None;
            }
        }
        for position in 0..self.bag.len() {
            states = self.spread(states, position)?;
            if control.should_stop() {
                return None;
            }
        }
        let mut number: HashMap<(Taken, u128), usize, FxBuildHasher> = HashMap::default();
        let mut rows: Vec<Row> = Vec::new();
        for state in states {
            let Some(state) = self.connect(state) else { continue };
            let row = self.project(&state);
            match number.get(&(row.taken, row.reach)) {
                Some(at) if rows[*at].cost <= row.cost => {}
                Some(at) => rows[*at] = row,
                None => {
                    number.insert((row.taken, row.reach), rows.len());
                    rows.push(row);
                }
            }
        }
        Some(Message { class: self.bag[0], scope: self.bag[1..].to_vec(), rows, links })
    }

    /// Every state together with every row that agrees with it.
    fn join(
        &self,
        states: &[State],
        message: &Message,
        at: u32,
        links: &mut Vec<Link>,
    ) -> Option<Vec<State>> {
        let place = |class: &u32| self.bag.iter().position(|own| own == class);
        // The scope of a message lies within the bag of the class it waits at.
        let places: Option<Vec<usize>> = message.scope.iter().map(place).collect();
        let places = places?;
        let known = |position: usize| states.first().is_some_and(|s| s.taken[position] != UNSET);
        let shared: Vec<usize> = (0..places.len()).filter(|own| known(places[*own])).collect();
        let mut by_key: HashMap<Taken, Vec<u32>, FxBuildHasher> = HashMap::default();
        for (number, row) in message.rows.iter().enumerate() {
            let mut key = [UNSET; MAX_BAG];
            for own in &shared {
                key[places[*own]] = row.taken[*own];
            }
            by_key.entry(key).or_default().push(number as u32);
        }
        let mut joined = Vec::new();
        for state in states {
            let mut key = [UNSET; MAX_BAG];
            for own in &shared {
                key[places[*own]] = state.taken[places[*own]];
            }
            for number in by_key.get(&key).into_iter().flatten() {
                let row = &message.rows[*number as usize];
                let cost = state.cost + row.cost;
                let Some(reach) = closed(state.reach | moved(row.reach, &places), self.bag.len())
                else {
                    continue;
                };
                if cost > self.upper {
                    continue;
                }
                let mut taken = state.taken;
                for (own, place) in places.iter().enumerate() {
                    taken[*place] = row.taken[own];
                }
                links.push(Link { message: at, row: *number, previous: state.link });
                joined.push(State { taken, reach, cost, link: links.len() as u32 - 1 });
                if joined.len() > self.limit {
                    return None;
                }
            }
        }
        Some(joined)
    }

    /// Every state with everything that a class can take, where the class is still open.
    fn spread(&self, states: Vec<State>, position: usize) -> Option<Vec<State>> {
        if states.first().is_none_or(|state| state.taken[position] != UNSET) {
            return Some(states);
        }
        let class = ClassIndex(self.bag[position]);
        let least = u16::from(self.problem.roots().contains(&class));
        let most = u16::try_from(self.problem.nodes(class).len()).ok()?;
        let mut spread = Vec::new();
        for state in states {
            for taken in least..=most {
                let mut next = state;
                next.taken[position] = taken;
                if self.first_is_served(&next) {
                    spread.push(next);
                }
            }
            if spread.len() > self.limit {
                return None;
            }
        }
        Some(spread)
    }

    fn node(&self, state: &State, position: usize) -> Option<NodeIndex> {
        let taken = state.taken[position];
        let first = self.problem.nodes(ClassIndex(self.bag[position])).next()?;
        (taken != 0 && taken != UNSET).then(|| NodeIndex(first.0 + u32::from(taken) - 1))
    }

    /// Whether no child of the bag's first class takes nothing.
    fn first_is_served(&self, state: &State) -> bool {
        let Some(node) = self.node(state, 0) else { return true };
        self.problem.children(node).all(|child| {
            let position = self.bag.iter().position(|class| *class == child.0);
            position.is_none_or(|position| state.taken[position] != 0)
        })
    }

    /// Adds what the first class costs and its edges to and from the rest of the bag; none if an
    /// edge leads to a class that takes nothing, or closes a cycle.
    fn connect(&self, mut state: State) -> Option<State> {
        if let Some(node) = self.node(&state, 0) {
            state.cost += self.problem.cost(node);
            if state.cost > self.upper {
                return None;
            }
            for child in self.problem.children(node) {
                let Some(position) = self.bag.iter().position(|class| *class == child.0) else {
                    continue;
                };
                if state.taken[position] == 0 {
                    return None;
                }
                self.add_edge(&mut state, 0, position);
            }
        }
        for position in 1..self.bag.len() {
            let Some(node) = self.node(&state, position) else { continue };
            if self.problem.children(node).any(|child| child.0 == self.bag[0]) {
                if state.taken[0] == 0 {
                    return None;
                }
                self.add_edge(&mut state, position, 0);
            }
        }
        state.reach = closed(state.reach, self.bag.len())?;
        Some(state)
    }

    fn add_edge(&self, state: &mut State, from: usize, to: usize) {
        let component = |position: usize| self.component[self.bag[position] as usize];
        if component(from) == component(to) {
            state.reach |= bit(from, to);
        }
    }

    /// Forgets the first class.
    fn project(&self, state: &State) -> Row {
        let mut taken = [UNSET; MAX_BAG];
        taken[..MAX_BAG - 1].copy_from_slice(&state.taken[1..]);
        let mut reach = 0;
        for from in 1..self.bag.len() {
            for to in 1..self.bag.len() {
                if state.reach & bit(from, to) != 0 {
                    reach |= bit(from - 1, to - 1);
                }
            }
        }
        Row { taken, reach, cost: state.cost, own: state.taken[0], link: state.link }
    }
}

/// A reachability matrix with its classes at other places.
fn moved(reach: u128, places: &[usize]) -> u128 {
    let mut all = 0;
    if reach != 0 {
        for (from, new_from) in places.iter().enumerate() {
            for (to, new_to) in places.iter().enumerate() {
                if reach & bit(from, to) != 0 {
                    all |= bit(*new_from, *new_to);
                }
            }
        }
    }
    all
}
