//! Loops: one theta each, inside one gamma on the condition of the first iteration.

use super::flow::{Flag, Outcome, RETURN, Returned};
use super::range::Count;
use super::stmt::{Rest, Seq, Step, Tail, after_loop, negate};
use super::value::{Binding, Val, conflict, dummy, variable};
use super::{Failure, Guess, GuessKey, Lower, Res};
use crate::diagnostic::{Diagnostic, codes};
use crate::live::{BREAK, CONTINUE, Live, Vars, is_true};
use crate::types::span_of;
use ruff_python_ast::{Expr, Stmt, StmtFor, StmtWhile};
use rvsdg::{Const, Op, RegionId, Span, Type, ValueId};

/// What drives a loop.
pub(super) enum Drive<'a> {
    /// `while test`; no test if it is literally true.
    While(Option<&'a Expr>),
    /// A counter from `start`; the body sees it as its target.
    Count(Count<'a>),
}

/// A loop about to be lowered.
pub(super) struct Plan<'a> {
    pub(super) span: Span,
    pub(super) body: &'a [Stmt],
    pub(super) drive: Drive<'a>,
    /// Variables assigned inside.
    pub(super) assigned: Vars,
    /// Variables an iteration may read from before it.
    pub(super) entry: Vars,
    /// Variables that may be read after the loop.
    pub(super) out: Vars,
    /// Variables live after the body, by exit.
    pub(super) live: Live,
    /// What reaching the body's end means: another iteration, or for a function that calls itself
    /// last, its end.
    pub(super) tail: Tail,
}

/// A variable carried from iteration to iteration.
struct Carried {
    var: usize,
    /// What it is at the start of an iteration.
    start: Binding,
    /// A guess to confirm: the variable has no value before the loop.
    guess: Option<GuessKey>,
    /// Set if the variable is made of literals before the loop: its width may follow the loop's.
    weak: Option<(GuessKey, Type)>,
}

/// A theta under construction.
struct Ports {
    parent: RegionId,
    body: RegionId,
    initial: Vec<ValueId>,
    next: Vec<ValueId>,
}

impl Ports {
    /// Adds a port that only carries a result out of the loop; its position.
    fn result(&mut self, lower: &mut Lower<'_, '_>, value: ValueId) -> usize {
        let ty = lower.f.ty(value);
        self.initial.push(dummy(&mut lower.f, self.parent, ty));
        lower.f.add_region_param(self.body, ty);
        self.next.push(value);
        self.next.len() - 1
    }
}

impl<'a> Lower<'a, '_> {
    pub(super) fn while_stmt(&mut self, s: &'a StmtWhile, rest: Rest<'_, 'a>) -> Res<Step> {
        let test = (!is_true(&s.test)).then_some(&*s.test);
        let first = test.map(|test| self.condition(test)).transpose()?;
        let after = self.live_before(rest.seq, rest.live);
        let normal = self.live_at_end(&s.orelse, &after, rest.live, test.is_some());
        let mut bottom = normal.clone();
        if let Some(test) = test {
            bottom.add(&self.frame.locals.reads_of(test));
        }
        let plan = self.plan(span_of(&*s.test), &s.body, Drive::While(test), bottom, &after);
        self.loop_stmt(&plan, first, &s.orelse, [normal, after], rest)
    }

    pub(super) fn for_stmt(&mut self, s: &'a StmtFor, rest: Rest<'_, 'a>) -> Res<Step> {
        let span = span_of(&*s.iter);
        if s.is_async {
            let message = "`async for` is not supported";
            return Err(Diagnostic::at(codes::STATEMENT, span, message)
                .hint("write an ordinary `for`")
                .into());
        }
        let (count, first) = self.count(s)?;
        let after = self.live_before(rest.seq, rest.live);
        let normal = self.live_at_end(&s.orelse, &after, rest.live, true);
        let mut plan = self.plan(span, &s.body, Drive::Count(count), normal.clone(), &after);
        let target = self.frame.locals.stored_in(&s.target);
        plan.entry = plan.entry.minus(&target);
        plan.assigned.add(&target);
        self.loop_stmt(&plan, Some(first), &s.orelse, [normal, after], rest)
    }

    /// Variables live when the loop ends by itself.
    fn live_at_end(&mut self, orelse: &'a [Stmt], after: &Vars, live: &Live, ends: bool) -> Vars {
        if !ends {
            return Vars::default();
        }
        let live = [after.clone(), live[BREAK].clone(), live[CONTINUE].clone()];
        self.frame.locals.suffix(orelse, 0).live_in(&live)
    }

    fn plan(
        &mut self,
        span: Span,
        body: &'a [Stmt],
        drive: Drive<'a>,
        bottom: Vars,
        after: &Vars,
    ) -> Plan<'a> {
        let summary = self.frame.locals.suffix(body, 0);
        let out = bottom.clone().union(after);
        let entry = summary.live_in(&[bottom.clone(), after.clone(), bottom.clone()]);
        let bottom = bottom.union(&entry);
        let live = [bottom.clone(), after.clone(), bottom];
        let assigned = summary.assigned;
        Plan { span, body, drive, assigned, entry, out, live, tail: Tail::Loop }
    }

    /// The loop with its guard, its else-block and what follows.
    fn loop_stmt(
        &mut self,
        plan: &Plan<'a>,
        first: Option<ValueId>,
        orelse: &'a [Stmt],
        [normal, after]: [Vars; 2],
        rest: Rest<'_, 'a>,
    ) -> Res<Step> {
        let span = plan.span;
        self.begin_total(span);
        let exit_live = [normal, after.clone(), Vars::default()];
        let known = first.map_or(Some(true), |v| self.f.as_const(v).and_then(Const::as_bool));
        let outcome = match (known, first) {
            (Some(false), _) => Outcome::falls(),
            (None, Some(first)) => {
                let (arm1, out1) = self.arm(span, |lower| lower.theta(plan))?;
                let (arm0, ()) = self.arm(span, |_| Ok(()))?;
                self.join(first, &[arm0, arm1], &[Outcome::falls(), out1], &exit_live, span)?
            }
            _ => self.theta(plan)?,
        };
        if orelse.is_empty() || !outcome.fall {
            return self.after(after_loop(outcome), rest, span);
        }
        let else_live = [after, rest.live[BREAK].clone(), rest.live[CONTINUE].clone()];
        let orelse = Seq::new(orelse, None);
        let outcome = match self.exited(&outcome.exits, span) {
            None => self.seq(orelse, &else_live, Tail::Plain)?,
            Some(skip) => {
                let (arm0, out0) =
                    self.arm(span, |lower| lower.seq(orelse, &else_live, Tail::Plain))?;
                let (arm1, ()) = self.arm(span, |_| Ok(()))?;
                let broke = outcome.exits[BREAK].possible();
                let mut left = after_loop(outcome);
                left.fall = broke;
                if let Flag::When(_) = left.exits[RETURN]
                    && !broke
                {
                    left.exits[RETURN] = Flag::Always;
                }
                self.join(skip, &[arm0, arm1], &[out0, left], &else_live, span)?
            }
        };
        self.after(outcome, rest, span)
    }

    /// The theta. Its outcome falls if the loop can end by itself, and may break or return.
    pub(super) fn theta(&mut self, plan: &Plan<'a>) -> Res<Outcome> {
        let span = plan.span;
        let parent = self.region;
        let body = self.f.add_region();
        let mut ports = Ports { parent, body, initial: self.states.clone(), next: Vec::new() };
        let types = self.f.state_types();
        let states = types.into_iter().map(|ty| self.f.add_region_param(body, ty)).collect();
        self.states = states;
        let counter = match &plan.drive {
            Drive::Count(count) => {
                ports.initial.push(count.start);
                let counter = self.f.add_region_param(body, Type::I64);
                self.weak.insert(counter);
                if self.is_natural(count.start) && self.is_natural(count.step) {
                    self.natural.insert(counter);
                }
                Some(counter)
            }
            Drive::While(_) => None,
        };
        let before = self.vars.clone();
        let mut carried = Vec::new();
        for var in plan.entry.iter().filter(|var| plan.assigned.contains(*var)) {
            let carry = self.carry(&mut ports, var, span);
            self.vars[var] = carry.start.clone();
            carried.push(carry);
        }
        self.region = body;
        self.region_depth += 1;
        if let (Drive::Count(count), Some(counter)) = (&plan.drive, counter) {
            self.bind_target(count, counter)?;
        }
        let inside = usize::from(plan.tail == Tail::Loop);
        self.frame.loops += inside;
        let outcome = self.seq(Seq::new(plan.body, None), &plan.live, plan.tail)?;
        self.frame.loops -= inside;
        let (goes_on, counter_next) = self.goes_on(plan, &outcome, counter)?;
        ports.next.extend(&self.states);
        ports.next.extend(counter_next);
        let reaches_end = outcome.fall || outcome.exits[CONTINUE].possible();
        let ends = self.carried_ends(&mut ports, &carried, reaches_end, span)?;
        let results = self.result_ports(&mut ports, plan, &outcome);
        let returned = outcome.returned.as_ref().map(|returned| {
            let val = returned.val.map(&mut |value| ports.result(self, *value));
            (val, returned.span)
        });
        let flags = [RETURN, BREAK, CONTINUE].map(|kind| match outcome.exits[kind] {
            Flag::When(value) if kind != CONTINUE => Some(ports.result(self, value)),
            _ => None,
        });
        let body_results = std::iter::once(goes_on).chain(ports.next.iter().copied()).collect();
        self.f.set_results(body, body_results);
        self.region = parent;
        self.region_depth -= 1;
        let place = self.place_of(span);
        let node = self.f.theta(parent, &ports.initial, body, place);
        if let Drive::While(_) = plan.drive {
            self.diverging.insert(node);
        }
        let outputs = self.f.node(node).outputs.to_vec();
        self.states = outputs[..self.states.len()].to_vec();
        self.vars = before;
        for var in plan.assigned.iter() {
            self.vars[var] = Binding::Unbound;
        }
        for (var, binding) in ends.into_iter().chain(results) {
            self.vars[var] = binding.outputs(&outputs);
        }
        let endless = matches!(plan.drive, Drive::While(None));
        let flags = flags.map(|port| port.map_or(Flag::Never, |at| Flag::When(outputs[at])));
        let exits = loop_exits(flags, &outcome, endless);
        Ok(Outcome {
            fall: !endless && reaches_end,
            exits,
            returned: returned
                .map(|(val, span)| Returned { val: val.map(&mut |at: &usize| outputs[*at]), span }),
        })
    }

    /// Ports for a variable that an iteration may read from before it.
    fn carry(&mut self, ports: &mut Ports, var: usize, span: Span) -> Carried {
        let mut guess = None;
        let (widened, weak) = self.follow_width(var, span);
        let binding = match &widened {
            Binding::Unbound => {
                let key = self.guess_key(span, var);
                let assumed = *self
                    .guesses
                    .entry(key.clone())
                    .or_insert(Guess { ty: Type::I64, confirmed: false });
                guess = Some(key);
                let val = Val::Scalar(dummy(&mut self.f, self.region, assumed.ty));
                let defined = self.constant(Const::Bool(false), span);
                Binding::Maybe { val, defined, span }
            }
            known => known.clone(),
        };
        let body = ports.body;
        let mut port = |lower: &mut Self, value: ValueId| {
            ports.initial.push(value);
            let ty = lower.f.ty(value);
            lower.f.add_region_param(body, ty)
        };
        let start = match &binding {
            Binding::Bound { val, span } => {
                Binding::Bound { val: val.map(&mut |v| port(self, *v)), span: *span }
            }
            Binding::Maybe { val, defined, span } => {
                let val = val.map(&mut |v| port(self, *v));
                Binding::Maybe { val, defined: port(self, *defined), span: *span }
            }
            other => other.clone(),
        };
        if let (Some(_), Some((Val::Scalar(value), _))) = (&weak, start.value()) {
            self.weak.insert(*value);
        }
        Carried { var, start, guess, weak }
    }

    /// Next values of the carried variables, and what they are after the loop.
    fn carried_ends(
        &mut self,
        ports: &mut Ports,
        carried: &[Carried],
        reaches_end: bool,
        at: Span,
    ) -> Res<Vec<(usize, Ended)>> {
        let mut ends = Vec::new();
        for Carried { var, start, guess, weak } in carried {
            let end = match &self.vars[*var] {
                Binding::Unbound => start.clone(),
                end => end.clone(),
            };
            let Some((start_val, start_span)) = start.value() else {
                ends.push((*var, Ended::Known(start.clone())));
                continue;
            };
            if let (Some(key), Some((val, _))) = (guess, end.value()) {
                self.settle(key, val, start_val)?;
            }
            if let (Some((key, from)), Some((Val::Scalar(value), _))) = (weak, end.value()) {
                self.settle_width(*var, key, *from, *value)?;
            }
            let fits = end.value().is_some_and(|(val, _)| val.fits(start_val, &self.f));
            if !fits {
                let name = variable(self.frame.locals.name(*var));
                if let Binding::Conflict { a, b } = &end {
                    self.widen_total(*var, at)?;
                    return Err(conflict(&name, at, a, b).into());
                }
                let (val, span) = end.value().unwrap_or((start_val, start_span));
                let a = (start_span, start_val.describe(&self.f));
                let b = (span, val.describe(&self.f));
                return Err(conflict(&name, span, &a, &b).into());
            }
            let (val, end_span) = end.value().expect("a value that fits is a value");
            let span = if reaches_end { end_span } else { start_span };
            let mut next = |value: ValueId| {
                ports.next.push(value);
                ports.next.len() - 1
            };
            let slots = val.map(&mut |value| next(*value));
            ends.push((
                *var,
                match (start, &end) {
                    (Binding::Maybe { .. }, Binding::Maybe { defined, .. }) => {
                        Ended::Maybe(slots, next(*defined), span)
                    }
                    (Binding::Maybe { .. }, _) => {
                        let truth = self.f.constant(ports.body, Const::Bool(true), span);
                        Ended::Maybe(slots, next(truth), span)
                    }
                    _ => Ended::Bound(slots, span),
                },
            ));
        }
        Ok(ends)
    }

    /// Compares the assumed type of a variable with what the body made of it.
    fn settle(&mut self, key: &GuessKey, end: &Val, start: &Val) -> Res<()> {
        let guess = self.guesses.get_mut(key).expect("a carried variable's guess is recorded");
        if end.fits(start, &self.f) {
            guess.confirmed = true;
            return Ok(());
        }
        if let Val::Scalar(value) = end
            && !guess.confirmed
        {
            *guess = Guess { ty: self.f.ty(*value), confirmed: true };
            return Err(Failure::Retry);
        }
        Ok(())
    }

    /// Ports for variables that the loop assigns and only code after it reads.
    fn result_ports(
        &mut self,
        ports: &mut Ports,
        plan: &Plan<'a>,
        outcome: &Outcome,
    ) -> Vec<(usize, Ended)> {
        if outcome.is_dead() {
            return Vec::new();
        }
        let mut results = Vec::new();
        for var in plan.out.minus(&plan.entry).iter().filter(|var| plan.assigned.contains(*var)) {
            let end = self.vars[var].clone();
            let Some((val, span)) = end.value() else {
                results.push((var, Ended::Known(end)));
                continue;
            };
            let slots = val.map(&mut |value| ports.result(self, *value));
            results.push((
                var,
                match &end {
                    Binding::Maybe { defined, .. } => {
                        Ended::Maybe(slots, ports.result(self, *defined), span)
                    }
                    _ => Ended::Bound(slots, span),
                },
            ));
        }
        results
    }

    /// Whether another iteration follows, and the counter's next value.
    fn goes_on(
        &mut self,
        plan: &Plan<'a>,
        outcome: &Outcome,
        counter: Option<ValueId>,
    ) -> Res<(ValueId, Option<ValueId>)> {
        let span = plan.span;
        let leaving = [outcome.exits[RETURN], outcome.exits[BREAK]];
        let reaches_end = outcome.fall || outcome.exits[CONTINUE].possible();
        let exited = if reaches_end { self.exited(&leaving, span) } else { None };
        match (&plan.drive, counter) {
            (Drive::Count(count), Some(counter)) => {
                let next = self.op(Op::IAdd, &[counter, count.step], count.span);
                if !reaches_end {
                    return Ok((self.constant(Const::Bool(false), span), Some(next)));
                }
                let more = self.more(count, counter, next);
                let goes_on = match exited {
                    None => more,
                    Some(exited) => {
                        let stays = negate(self, exited, span);
                        self.op(Op::BAnd, &[stays, more], span)
                    }
                };
                Ok((goes_on, Some(next)))
            }
            (Drive::While(test), _) => {
                let goes_on = match (test, exited) {
                    _ if !reaches_end => self.constant(Const::Bool(false), span),
                    (None, None) => self.constant(Const::Bool(true), span),
                    (None, Some(exited)) => negate(self, exited, span),
                    (Some(test), None) => self.condition(test)?,
                    (Some(test), Some(exited)) => self.choose_truth(
                        exited,
                        span,
                        |lower| Ok(lower.constant(Const::Bool(false), span)),
                        |lower| lower.condition(test),
                    )?,
                };
                Ok((goes_on, None))
            }
            (Drive::Count(_), None) => unreachable!("a counted loop has a counter"),
        }
    }

    /// Assigns the loop's target at the start of an iteration.
    fn bind_target(&mut self, count: &Count<'a>, counter: ValueId) -> Res<()> {
        let span = count.span;
        let val = self.counted(&count.over, counter, span);
        self.assign(count.target, &val, span)
    }
}

/// The exits of a loop, given those of its body and the flags that say which one was taken.
fn loop_exits(flags: [Flag; 3], body: &Outcome, endless: bool) -> [Flag; 3] {
    let mut exits = flags;
    for (kind, other) in [(RETURN, BREAK), (BREAK, RETURN)] {
        // An endless loop with one kind of exit always leaves by it.
        let only = endless && body.exits[kind].possible() && !body.exits[other].possible();
        if only || body.exits[kind] == Flag::Always {
            exits[kind] = Flag::Always;
        }
    }
    exits
}

/// What a variable is after a loop, by output positions of the theta.
enum Ended {
    Known(Binding),
    Bound(Val<usize>, Span),
    Maybe(Val<usize>, usize, Span),
}

impl Ended {
    fn outputs(self, outputs: &[ValueId]) -> Binding {
        match self {
            Ended::Known(binding) => binding,
            Ended::Bound(val, span) => {
                Binding::Bound { val: val.map(&mut |at| outputs[*at]), span }
            }
            Ended::Maybe(val, defined, span) => Binding::Maybe {
                val: val.map(&mut |at| outputs[*at]),
                defined: outputs[defined],
                span,
            },
        }
    }
}
