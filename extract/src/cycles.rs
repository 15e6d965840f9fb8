//! Cycles among choices, for solvers that forbid them one after the other (`milp`, `maxsat`).

use crate::exact::Choices;
use crate::problem::{ClassIndex, Problem};

/// The cycles that a walk along `choices` closes from `from`, each as its classes in order, and for
/// each class of `problem` whether the walk reached it. Linear in the nodes chosen and the classes of
/// the cycles found; none are found exactly where the choices reached have none.
pub(crate) fn cycles(
    problem: &Problem,
    choices: &Choices,
    from: &[ClassIndex],
) -> (Vec<Vec<ClassIndex>>, Vec<bool>) {
    let mut state = vec![0_u8; problem.class_count()];
    let mut found = Vec::new();
    let mut path: Vec<ClassIndex> = Vec::new();
    let mut stack: Vec<(ClassIndex, bool)> = from.iter().map(|class| (*class, false)).collect();
    while let Some((class, leaving)) = stack.pop() {
        if leaving {
            state[class.index()] = 2;
            path.pop();
            continue;
        }
        if state[class.index()] != 0 {
            continue;
        }
        state[class.index()] = 1;
        path.push(class);
        stack.push((class, true));
        for child in choices[class.index()].into_iter().flat_map(|node| problem.children(node)) {
            match state[child.index()] {
                0 => stack.push((child, false)),
                1 => {
                    let at = path.iter().position(|class| *class == child).unwrap_or(0);
                    found.push(path[at..].to_vec());
                }
                _ => {}
            }
        }
    }
    (found, state.into_iter().map(|state| state != 0).collect())
}
