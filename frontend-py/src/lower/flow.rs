//! Gammas, and how control leaves a block.

use super::value::{Binding, Val, conflict, dummy};
use super::{Lower, MAX_REGIONS, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::live::{BREAK, CONTINUE, FALL, Live, Vars};
use rvsdg::{Const, Function, Op, RegionId, Span, ValueId};

/// By `return`: an index into [`Outcome::exits`]; [`BREAK`] and [`CONTINUE`] are the others.
pub(super) const RETURN: usize = FALL;

/// Whether a block is left by one kind of exit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Flag {
    /// Never.
    Never,
    /// On every path.
    Always,
    /// Where the value is true.
    When(ValueId),
}

impl Flag {
    /// Whether it can happen.
    pub(super) fn possible(self) -> bool {
        self != Flag::Never
    }
}

/// A returned value and the place of its `return`.
#[derive(Clone, Debug)]
pub(super) struct Returned {
    pub(super) val: Val,
    pub(super) span: Span,
}

/// How a block is left.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// Whether its end can be reached.
    pub(super) fall: bool,
    /// By `return`, `break`, `continue`. One that is `Always` is the only way out.
    pub(super) exits: [Flag; 3],
    /// What is returned, if anything is.
    pub(super) returned: Option<Returned>,
}

impl Outcome {
    /// The end is reached on every path.
    pub(super) fn falls() -> Outcome {
        Outcome { fall: true, exits: [Flag::Never; 3], returned: None }
    }

    /// No path gets out: an exception is raised, or a loop never ends.
    pub(super) fn dead() -> Outcome {
        Outcome { fall: false, ..Outcome::falls() }
    }

    /// Left by one exit on every path.
    pub(super) fn exit(kind: usize) -> Outcome {
        let mut outcome = Outcome::dead();
        outcome.exits[kind] = Flag::Always;
        outcome
    }

    /// Returns on every path.
    pub(super) fn returns(val: Val, span: Span) -> Outcome {
        Outcome { returned: Some(Returned { val, span }), ..Outcome::exit(RETURN) }
    }

    /// Whether some path exits.
    pub(super) fn may_exit(&self) -> bool {
        self.exits.iter().any(|flag| flag.possible())
    }

    /// Whether no path gets out.
    pub(super) fn is_dead(&self) -> bool {
        !self.fall && !self.may_exit()
    }

    /// The variables that someone may read after leaving the block.
    pub(super) fn relevant(&self, live: &Live) -> Vars {
        let mut vars = Vars::default();
        if self.fall {
            vars.add(&live[FALL]);
        }
        for kind in [BREAK, CONTINUE] {
            if self.exits[kind].possible() {
                vars.add(&live[kind]);
            }
        }
        vars
    }
}

/// One alternative of a gamma under construction.
pub(super) struct Arm {
    pub(super) region: RegionId,
    states: Vec<ValueId>,
    vars: Vec<Binding>,
}

/// The result ports of a gamma under construction: a value from each arm.
pub(super) struct Merge {
    regions: [RegionId; 2],
    pairs: Vec<[ValueId; 2]>,
}

impl Merge {
    pub(super) fn new(arms: &[Arm; 2]) -> Merge {
        Merge { regions: [arms[0].region, arms[1].region], pairs: Vec::new() }
    }

    fn pair(&mut self, pair: [ValueId; 2]) -> usize {
        let at = self.pairs.iter().position(|have| *have == pair);
        at.unwrap_or_else(|| {
            self.pairs.push(pair);
            self.pairs.len() - 1
        })
    }

    /// Ports for a value that both arms have; none if the two do not fit.
    pub(super) fn both(&mut self, f: &Function, a: &Val, b: &Val) -> Option<Val<usize>> {
        if !a.fits(b, f) {
            return None;
        }
        let mut others = b.scalars().into_iter();
        Some(a.map(&mut |a| {
            let b = others.next().expect("values that fit have equally many scalars");
            self.pair([*a, b])
        }))
    }

    /// Ports for a value that only one arm has.
    fn only(&mut self, f: &mut Function, arm: usize, val: &Val) -> Val<usize> {
        val.map(&mut |value| {
            let other = dummy(f, self.regions[1 - arm], f.ty(*value));
            self.pair(if arm == 0 { [*value, other] } else { [other, *value] })
        })
    }

    fn truth(&mut self, f: &mut Function, value: [Truth; 2]) -> usize {
        let mut at = |arm: usize| match value[arm] {
            Truth::Known(known) => f.constant(self.regions[arm], Const::Bool(known), Span::NONE),
            Truth::Value(value) => value,
        };
        let pair = [at(0), at(1)];
        self.pairs.push(pair);
        self.pairs.len() - 1
    }
}

#[derive(Clone, Copy)]
enum Truth {
    Known(bool),
    Value(ValueId),
}

/// How a variable leaves a gamma.
enum Joined {
    Done(Binding),
    Bound(Val<usize>, Span),
    Maybe(Val<usize>, usize, Span),
}

impl Lower<'_, '_> {
    /// Runs `work` in a new region that starts with the current variables and with a parameter per
    /// state; afterwards region, states and variables are as before.
    pub(super) fn arm<T>(
        &mut self,
        span: Span,
        work: impl FnOnce(&mut Self) -> Res<T>,
    ) -> Res<(Arm, T)> {
        self.region_depth += 1;
        if self.region_depth > MAX_REGIONS {
            let message = "too many choices and loops inside each other";
            return Err(Diagnostic::at(codes::TOO_LARGE, span, message)
                .hint(format!("at most {MAX_REGIONS}; move parts to functions compiled alone"))
                .into());
        }
        let region = self.f.add_region();
        let types = self.f.state_types();
        let params = types.into_iter().map(|ty| self.f.add_region_param(region, ty)).collect();
        let states = std::mem::replace(&mut self.states, params);
        let vars = self.vars.clone();
        let outer = std::mem::replace(&mut self.region, region);
        let result = work(self)?;
        self.region = outer;
        self.region_depth -= 1;
        let states = std::mem::replace(&mut self.states, states);
        let vars = std::mem::replace(&mut self.vars, vars);
        Ok((Arm { region, states, vars }, result))
    }

    /// Makes the gamma of two arms (the first for false) and returns the merged values.
    pub(super) fn close(
        &mut self,
        predicate: ValueId,
        arms: &[Arm; 2],
        merge: &Merge,
        span: Span,
    ) -> Vec<ValueId> {
        // A value that both arms take from outside needs no port.
        let ports: Vec<&[ValueId; 2]> =
            merge.pairs.iter().filter(|pair| pair[0] != pair[1]).collect();
        for (at, arm) in arms.iter().enumerate() {
            let results = ports.iter().map(|pair| pair[at]).chain(arm.states.iter().copied());
            self.f.set_results(arm.region, results.collect());
        }
        let regions = vec![arms[0].region, arms[1].region];
        let span = self.place_of(span);
        let node = self.f.gamma(self.region, predicate, &self.states, regions, span);
        let outputs = &self.f.node(node).outputs;
        self.states = outputs[ports.len()..].to_vec();
        let mut values = outputs.iter().copied();
        let merged = merge.pairs.iter().map(|pair| {
            if pair[0] == pair[1] {
                pair[0]
            } else {
                values.next().expect("a gamma has an output per port")
            }
        });
        merged.collect()
    }

    /// Closes two arms of statements: variables, exits and returned values are merged.
    pub(super) fn join(
        &mut self,
        predicate: ValueId,
        arms: &[Arm; 2],
        outcomes: &[Outcome; 2],
        live: &Live,
        span: Span,
    ) -> Res<Outcome> {
        let mut merge = Merge::new(arms);
        let relevant = [outcomes[0].relevant(live), outcomes[1].relevant(live)];
        let mut joined = Vec::new();
        for var in relevant[0].clone().union(&relevant[1]).iter() {
            let binding =
                |arm: usize| relevant[arm].contains(var).then(|| arms[arm].vars[var].clone());
            let join = self.join_variable(&mut merge, &[binding(0), binding(1)]);
            joined.push((var, join));
        }
        let exits = [RETURN, BREAK, CONTINUE].map(|kind| {
            let flags = [outcomes[0].exits[kind], outcomes[1].exits[kind]];
            let sure = (0..2).all(|arm| flags[arm] == Flag::Always || outcomes[arm].is_dead());
            if !flags[0].possible() && !flags[1].possible() {
                (Flag::Never, None)
            } else if sure {
                (Flag::Always, None)
            } else {
                let value = flags.map(|flag| match flag {
                    Flag::Never => Truth::Known(false),
                    Flag::Always => Truth::Known(true),
                    Flag::When(value) => Truth::Value(value),
                });
                (Flag::Never, Some(merge.truth(&mut self.f, value)))
            }
        });
        let returned = self.join_returned(&mut merge, outcomes)?;
        let values = self.close(predicate, arms, &merge, span);
        self.vars.fill(Binding::Unbound);
        for (var, join) in joined {
            let value = |val: &Val<usize>| val.map(&mut |slot| values[*slot]);
            self.vars[var] = match join {
                Joined::Done(binding) => binding,
                Joined::Bound(val, span) => Binding::Bound { val: value(&val), span },
                Joined::Maybe(val, defined, span) => {
                    Binding::Maybe { val: value(&val), defined: values[defined], span }
                }
            };
        }
        Ok(Outcome {
            fall: outcomes[0].fall || outcomes[1].fall,
            exits: exits.map(|(flag, port)| port.map_or(flag, |at| Flag::When(values[at]))),
            returned: returned.map(|(val, span)| Returned {
                val: val.map(&mut |slot: &usize| values[*slot]),
                span,
            }),
        })
    }

    fn join_variable(&mut self, merge: &mut Merge, bindings: &[Option<Binding>; 2]) -> Joined {
        let (a, b) = match bindings {
            [Some(a), Some(b)] => (a, b),
            [Some(one), None] | [None, Some(one)] => {
                let arm = usize::from(bindings[0].is_none());
                return self.join_one(merge, arm, one);
            }
            [None, None] => return Joined::Done(Binding::Unbound),
        };
        if a == b {
            return Joined::Done(a.clone());
        }
        let ((val_a, span_a), (val_b, span_b)) = match (a.value(), b.value()) {
            (Some(a), Some(b)) => (a, b),
            _ if matches!(a, Binding::Conflict { .. }) => return Joined::Done(a.clone()),
            _ if matches!(b, Binding::Conflict { .. }) => return Joined::Done(b.clone()),
            (Some((val, span)), None) => {
                let slots = merge.only(&mut self.f, 0, val);
                let truth = [defined(a), Truth::Known(false)];
                return Joined::Maybe(slots, merge.truth(&mut self.f, truth), span);
            }
            (None, Some((val, span))) => {
                let slots = merge.only(&mut self.f, 1, val);
                let truth = [Truth::Known(false), defined(b)];
                return Joined::Maybe(slots, merge.truth(&mut self.f, truth), span);
            }
            (None, None) => return Joined::Done(Binding::Unbound),
        };
        let (val_a, val_b) = self.unify_in(merge.regions, val_a, val_b);
        // Both places may be the same line (a loop's body); the later one is the better witness.
        let Some(slots) = merge.both(&self.f, &val_a, &val_b) else {
            let a = (span_a, val_a.describe(&self.f));
            let b = (span_b, val_b.describe(&self.f));
            return Joined::Done(Binding::Conflict { a, b });
        };
        let span = span_a.max(span_b);
        match (a, b) {
            (Binding::Bound { .. }, Binding::Bound { .. }) => Joined::Bound(slots, span),
            _ => Joined::Maybe(slots, merge.truth(&mut self.f, [defined(a), defined(b)]), span),
        }
    }

    /// A variable that is read only after one of the arms.
    fn join_one(&mut self, merge: &mut Merge, arm: usize, binding: &Binding) -> Joined {
        let Some((val, span)) = binding.value() else { return Joined::Done(binding.clone()) };
        let inner = merge.regions[arm];
        let outside = |value: &ValueId| self.f.defining_region(*value) != inner;
        if let Binding::Bound { .. } = binding
            && val.scalars().iter().all(outside)
        {
            return Joined::Done(binding.clone());
        }
        let slots = merge.only(&mut self.f, arm, val);
        if let Binding::Maybe { .. } = binding {
            let mut truth = [Truth::Known(false); 2];
            truth[arm] = defined(binding);
            return Joined::Maybe(slots, merge.truth(&mut self.f, truth), span);
        }
        Joined::Bound(slots, span)
    }

    fn join_returned(
        &mut self,
        merge: &mut Merge,
        outcomes: &[Outcome; 2],
    ) -> Res<Option<(Val<usize>, Span)>> {
        match [&outcomes[0].returned, &outcomes[1].returned] {
            [None, None] => Ok(None),
            [Some(one), None] => Ok(Some((merge.only(&mut self.f, 0, &one.val), one.span))),
            [None, Some(one)] => Ok(Some((merge.only(&mut self.f, 1, &one.val), one.span))),
            [Some(a), Some(b)] => {
                let (val_a, val_b) = self.unify_in(merge.regions, &a.val, &b.val);
                match merge.both(&self.f, &val_a, &val_b) {
                    Some(slots) => Ok(Some((slots, a.span.min(b.span)))),
                    None => Err(self.returns_disagree(a, b).into()),
                }
            }
        }
    }

    /// The error for two returns of different types.
    pub(super) fn returns_disagree(&self, a: &Returned, b: &Returned) -> Diagnostic {
        let (first, second) = if a.span <= b.span { (a, b) } else { (b, a) };
        let (was, is) = (first.val.describe(&self.f), second.val.describe(&self.f));
        let message =
            format!("`{}` returns {was} in one place and {is} in another", self.frame.name);
        let hint = if self.frame.returns.is_none() && is_number(&was) && is_number(&is) {
            "return one type everywhere, or annotate the result, for example `-> f64`"
        } else {
            "return the same kind of value everywhere"
        };
        Diagnostic::at(codes::RETURNS, second.span, message)
            .note(first.span, format!("returns {was} here"))
            .hint(hint)
    }

    /// A gamma between two values; `what` names the construct in the error if they do not fit.
    pub(super) fn choose(
        &mut self,
        predicate: ValueId,
        span: Span,
        what: &str,
        on_true: impl FnOnce(&mut Self) -> Res<(Val, Span)>,
        on_false: impl FnOnce(&mut Self) -> Res<(Val, Span)>,
    ) -> Res<Val> {
        match self.f.as_const(predicate).and_then(Const::as_bool) {
            Some(true) => return Ok(on_true(self)?.0),
            Some(false) => return Ok(on_false(self)?.0),
            None => {}
        }
        let (arm1, (val1, span1)) = self.arm(span, on_true)?;
        let (arm0, (val0, span0)) = self.arm(span, on_false)?;
        let arms = [arm0, arm1];
        let mut merge = Merge::new(&arms);
        let (val0, val1) = self.unify_in([arms[0].region, arms[1].region], &val0, &val1);
        let Some(slots) = merge.both(&self.f, &val0, &val1) else {
            let a = (span1, val1.describe(&self.f));
            let b = (span0, val0.describe(&self.f));
            return Err(conflict(what, span, &a, &b).into());
        };
        let values = self.close(predicate, &arms, &merge, span);
        Ok(slots.map(&mut |slot| values[*slot]))
    }

    /// A gamma between two truth values.
    pub(super) fn choose_truth(
        &mut self,
        predicate: ValueId,
        span: Span,
        on_true: impl FnOnce(&mut Self) -> Res<ValueId>,
        on_false: impl FnOnce(&mut Self) -> Res<ValueId>,
    ) -> Res<ValueId> {
        let val = self.choose(
            predicate,
            span,
            "the condition",
            |lower| Ok((Val::Scalar(on_true(lower)?), span)),
            |lower| Ok((Val::Scalar(on_false(lower)?), span)),
        )?;
        self.scalar_of(&val, span)
    }

    /// Whether any of the possible exits was taken; none if no exit is possible.
    pub(super) fn exited(&mut self, exits: &[Flag], span: Span) -> Option<ValueId> {
        let mut exited: Option<ValueId> = None;
        for flag in exits {
            let value = match flag {
                Flag::Never => continue,
                Flag::Always => self.constant(Const::Bool(true), span),
                Flag::When(value) => *value,
            };
            exited = Some(match exited {
                None => value,
                Some(before) => self.op(Op::BOr, &[before, value], span),
            });
        }
        exited
    }
}

fn is_number(name: &str) -> bool {
    matches!(name, "i64" | "f64" | "i32" | "f32" | "bool")
}

fn defined(binding: &Binding) -> Truth {
    match binding {
        Binding::Maybe { defined, .. } => Truth::Value(*defined),
        other => Truth::Known(other.value().is_some()),
    }
}
