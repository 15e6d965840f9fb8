//! Walks a function's regions.

mod integer;
mod iterated;
mod iteration;
mod raising;

use super::algebra::Algebra;
use super::calls::math;
use super::loops::{Condition, FoldKind, Gathered, Role};
use super::{Exceptions, LowerOptions, MOST_NODES, Refusal, refuse};
use rvsdg::{Cmp, Const, Function, NodeId, NodeKind, Op, RegionId, Scalar, Span, Type, ValueId};
use vecmath::{Id, Lanes};

/// What a value of the function is in lanes.
#[derive(Clone, Debug)]
enum Value {
    /// A float per lane.
    Float(Id),
    /// A truth value per lane, as a mask.
    Mask(Id),
    /// An integer of 64 bits per lane.
    Integer(Id),
    /// An alternative per lane, as a mask for each.
    Choice(Vec<Id>),
    /// An integer, truth value or alternative, the same in every lane and known.
    Known(Scalar),
    /// A state.
    State,
    /// In a loop over arrays: a variable that counts, plus an offset.
    Counter(usize, i64),
    /// What holds if all of these do.
    Conditions(Vec<Condition>),
    /// Defined outside the loop, and no float.
    Outside(ValueId),
    /// A folded variable, and what this iteration contributes so far.
    Fold(usize, Option<(FoldKind, Id)>),
    /// The comparison of a folded variable, on the left, with a number.
    FoldCompared(usize, Cmp, Id),
    /// A variable's value from the iteration before.
    Stale,
}

pub(super) struct Lowerer<'a> {
    function: &'a Function,
    algebra: &'a mut Algebra,
    options: &'a LowerOptions,
    values: Vec<Option<Value>>,
    /// What a loop over arrays gathers, if that is what is lowered.
    gathered: Option<Gathered>,
    /// How many choices the walk is inside of.
    choices: usize,
    /// The lanes that the walk is for, inside of choices: all of them if none.
    path: Option<Id>,
    /// Whether integers of the lanes' size may differ between lanes, and one loop take its own
    /// time in each.
    pub(super) divergent: bool,
    /// That loop.
    pub(super) iteration: Option<Iteration>,
    /// The lanes that raise, of those that can; in strict lowering only.
    pub(super) raising: Option<Id>,
}

pub(super) use iterated::Iteration;

/// What each fold's variable gathers in an iteration.
type Partials = Vec<(usize, FoldKind, Id)>;

type Result<T> = std::result::Result<T, Refusal>;

impl<'a> Lowerer<'a> {
    pub(super) fn new(
        function: &'a Function,
        algebra: &'a mut Algebra,
        options: &'a LowerOptions,
    ) -> Lowerer<'a> {
        let values = vec![None; function.value_count()];
        Lowerer {
            function,
            algebra,
            options,
            values,
            gathered: None,
            choices: 0,
            path: None,
            divergent: false,
            iteration: None,
            raising: None,
        }
    }

    /// Lowers an iteration of a loop over arrays, with [`Lowerer::run_loop`].
    pub(super) fn for_loop(
        function: &'a Function,
        algebra: &'a mut Algebra,
        options: &'a LowerOptions,
        gathered: Gathered,
    ) -> Lowerer<'a> {
        Lowerer { gathered: Some(gathered), ..Lowerer::new(function, algebra, options) }
    }

    /// What the iteration gathers, when the loop goes on, and the folds.
    pub(super) fn run_loop(
        mut self,
        node: NodeId,
        body: RegionId,
        roles: &[Role],
    ) -> Result<(Gathered, Vec<Condition>, Partials)> {
        let f = self.function;
        let span = f.node(node).span;
        let region = f.region(body);
        for (k, (param, role)) in region.params.iter().zip(roles).enumerate() {
            let value = match role {
                Role::State => Value::State,
                Role::Counter => Value::Counter(k, 0),
                Role::Fixed => self.get(f.node(node).operands[k]),
                Role::Float => Value::Fold(k, None),
                Role::Other => Value::Stale,
            };
            self.values[param.index()] = Some(value);
        }
        self.region(body)?;
        let again = match self.get(region.results[0]) {
            Value::Conditions(conditions) => conditions,
            Value::Outside(value) => vec![Condition::Holds(value)],
            _ => return Err(refuse("a loop that an element can end", span)),
        };
        let mut partials = Vec::new();
        for (k, role) in roles.iter().enumerate().filter(|(_, role)| **role == Role::Float) {
            match (role, self.get(region.results[1 + k])) {
                (_, Value::Fold(variable, Some((kind, partial)))) if variable == k => {
                    if kind == FoldKind::Sum && !self.options.fast_math {
                        return Err(refuse("a sum, whose order matters", span));
                    }
                    partials.push((k, kind, partial));
                }
                (_, Value::Float(_)) => {}
                _ => return Err(refuse("a variable that depends on the iteration before", span)),
            }
        }
        let gathered = self.gathered.take().expect("a loop gathers");
        Ok((gathered, again, partials))
    }

    /// The results for these parameters.
    pub(super) fn run(&mut self, params: Vec<Id>) -> Result<Vec<Id>> {
        let f = self.function;
        for (value, id) in f.param_values().iter().zip(params) {
            let integer = f.ty(*value) == Type::I64;
            let lane = if integer { Value::Integer(id) } else { Value::Float(id) };
            self.values[value.index()] = Some(lane);
        }
        for state in f.entry_states() {
            self.values[state.index()] = Some(Value::State);
        }
        self.region(f.body())?;
        let lane = |value: &ValueId| {
            let result = self.get(*value);
            self.lane(&result, f.ty(*value), Span::NONE)
        };
        f.result_values().iter().map(lane).collect()
    }

    fn get(&mut self, value: ValueId) -> Value {
        if let Some(known) = &self.values[value.index()] {
            return known.clone();
        }
        let outside = self.outside(value);
        self.values[value.index()] = Some(outside.clone());
        outside
    }

    /// A value that is defined outside the loop.
    fn outside(&mut self, value: ValueId) -> Value {
        let f = self.function;
        let ty = f.ty(value);
        if ty.is_state() {
            return Value::State;
        }
        if let Some(constant) = f.as_const(value) {
            return self.constant(constant);
        }
        let gathered = self.gathered.as_mut().expect("definitions come before uses");
        if ty == self.algebra.float_type() {
            return Value::Float(gathered.outside(self.algebra, value));
        }
        Value::Outside(value)
    }

    fn constant(&mut self, constant: Const) -> Value {
        match constant {
            Const::F64(_) | Const::F32(_) => {
                let x = constant.as_f64().unwrap_or_else(|| match constant {
                    Const::F32(bits) => f64::from(f32::from_bits(bits)),
                    _ => 0.0,
                });
                Value::Float(self.algebra.constant(x))
            }
            other => Value::Known(other.into()),
        }
    }

    fn float(&mut self, value: ValueId, span: Span) -> Result<Id> {
        match self.get(value) {
            Value::Float(id) => Ok(id),
            Value::Known(Scalar::F64(x)) => Ok(self.algebra.constant(x)),
            Value::Known(Scalar::F32(x)) => Ok(self.algebra.constant(f64::from(x))),
            _ => Err(refuse("an integer that differs between elements", span)),
        }
    }

    fn mask(&mut self, value: &Value, span: Span) -> Result<Id> {
        match value {
            Value::Mask(id) => Ok(*id),
            Value::Known(Scalar::Bool(holds)) => Ok(self.algebra.truth(*holds)),
            _ => Err(refuse("a condition that is not a truth value", span)),
        }
    }

    fn region(&mut self, region: RegionId) -> Result<()> {
        for node in &self.function.region(region).nodes {
            let span = self.function.node(*node).span;
            if self.algebra.len() > MOST_NODES {
                return Err(refuse("the loops unroll to too much code", span));
            }
            match &self.function.node(*node).kind {
                NodeKind::Simple(op) => self.simple(*node, *op)?,
                NodeKind::Gamma { arms } => self.gamma(*node, arms)?,
                NodeKind::Theta { body } => self.theta(*node, *body)?,
            }
        }
        Ok(())
    }

    fn set(&mut self, node: NodeId, value: Value) {
        let outputs = &self.function.node(node).outputs;
        let (last, states) = outputs.split_last().expect("every operation has an output");
        for state in states {
            self.values[state.index()] = Some(Value::State);
        }
        self.values[last.index()] = Some(value);
    }

    fn simple(&mut self, node: NodeId, op: Op) -> Result<()> {
        let operands: Vec<ValueId> = self.function.node(node).operands.to_vec();
        let span = self.function.node(node).span;
        let values: Vec<Value> = operands.iter().map(|v| self.get(*v)).collect();
        let value = self.operation(op, &operands, &values, span)?;
        self.set(node, value);
        Ok(())
    }

    fn operation(
        &mut self,
        op: Op,
        operands: &[ValueId],
        values: &[Value],
        span: Span,
    ) -> Result<Value> {
        if let Op::Const(constant) = op {
            return Ok(self.constant(constant));
        }
        if self.gathered.is_some()
            && let Some(value) = self.loop_operation(op, operands, values, span)?
        {
            return Ok(value);
        }
        let known: Option<Vec<Scalar>> =
            values.iter().map(|v| if let Value::Known(s) = v { Some(*s) } else { None }).collect();
        let narrowed = self.options.narrow && matches!(op, Op::Cast(to) if to.is_float());
        if let Some(known) = known
            && op.is_pure()
            && !(narrowed && known[0].ty().is_some_and(Type::is_float))
        {
            let evaluated = rvsdg::scalar::eval(op, &known)
                .map_err(|why| refuse(format!("a constant operation: {why}"), span))?;
            return Ok(Value::Known(evaluated.value));
        }
        if self.has_integers()
            && let Some(value) = self.integer_operation(op, values, span)?
        {
            return Ok(value);
        }
        match op {
            Op::Guard(_) if self.options.exceptions == Exceptions::Ignored => {
                Ok(values.last().expect("a guard has a value").clone())
            }
            Op::Call(f) if self.options.exceptions == Exceptions::Ignored => {
                let args = operands.len() - f.arity();
                self.math_call(f, &operands[args..], span)
            }
            Op::Guard(_) if self.options.exceptions == Exceptions::Masked => {
                self.guarded(values, span)
            }
            Op::Call(f) if self.options.exceptions == Exceptions::Masked => {
                let args = operands.len() - f.arity();
                self.raising_call(f, &operands[args..], span)
            }
            Op::Guard(_) | Op::Call(_) => Err(refuse("an operation that may raise", span)),
            Op::Math(f) if self.has_bits_of(f) => self.math_call(f, operands, span),
            Op::Math(f) => Err(refuse(format!("{}, whose bits would differ", f.name()), span)),
            Op::BAnd | Op::BOr | Op::BXor => {
                let (a, b) = (self.mask(&values[0], span)?, self.mask(&values[1], span)?);
                let l = self.algebra.lanes();
                Ok(Value::Mask(match op {
                    Op::BAnd => l.and(a, b),
                    Op::BOr => l.or(a, b),
                    _ => l.xor(a, b),
                }))
            }
            Op::BNot => {
                let a = self.mask(&values[0], span)?;
                let ones = self.algebra.truth(true);
                Ok(Value::Mask(self.algebra.lanes().and_not(a, ones)))
            }
            Op::Select => {
                let mask = self.mask(&values[0], span)?;
                self.merge(mask, &values[1], &values[2], span)
            }
            Op::CtlIs(k) => match &values[0] {
                Value::Choice(masks) => Ok(Value::Mask(masks[k as usize])),
                _ => Err(refuse("a choice that is not one", span)),
            },
            Op::Cast(to) => self.cast(to, operands[0], &values[0], span),
            Op::FCmp(cmp) => {
                let (a, b) = (self.float(operands[0], span)?, self.float(operands[1], span)?);
                Ok(Value::Mask(self.compare(cmp, a, b)))
            }
            _ if op.is_float_binary() || matches!(op, Op::FNeg | Op::FAbs) => {
                let floats: Result<Vec<Id>> =
                    operands.iter().map(|v| self.float(*v, span)).collect();
                self.arithmetic(op, &floats?, span)
            }
            _ => Err(refuse("an operation on integers or arrays", span)),
        }
    }

    fn arithmetic(&mut self, op: Op, args: &[Id], span: Span) -> Result<Value> {
        let algebra = &mut *self.algebra;
        Ok(Value::Float(match op {
            Op::FAdd => algebra.add(args[0], args[1]),
            Op::FSub => algebra.sub(args[0], args[1]),
            Op::FMul => algebra.mul(args[0], args[1]),
            Op::FDiv => algebra.div(args[0], args[1]),
            Op::FNeg => algebra.lanes().neg(args[0]),
            Op::FAbs => algebra.lanes().abs(args[0]),
            // Python's `min(a, b)` is b if b < a, else a.
            Op::FMin => algebra.lanes().min(args[1], args[0]),
            Op::FMax => algebra.lanes().max(args[1], args[0]),
            _ => return Err(refuse("floor division or remainder", span)),
        }))
    }

    fn compare(&mut self, cmp: Cmp, a: Id, b: Id) -> Id {
        let ones = self.algebra.truth(true);
        let l = self.algebra.lanes();
        match cmp {
            Cmp::Eq => l.eq(a, b),
            Cmp::Ne => {
                let equal = l.eq(a, b);
                l.and_not(equal, ones)
            }
            Cmp::Lt => l.lt(a, b),
            Cmp::Le => l.le(a, b),
            Cmp::Gt => l.lt(b, a),
            Cmp::Ge => l.le(b, a),
        }
    }

    fn cast(&mut self, to: Type, operand: ValueId, value: &Value, span: Span) -> Result<Value> {
        let own = self.function.ty(operand);
        match value {
            Value::Float(_) if own == to || self.options.narrow && to.is_float() => {
                Ok(value.clone())
            }
            Value::Float(id) if to == Type::Bool => {
                let zero = self.algebra.constant(0.0);
                Ok(Value::Mask(self.compare(Cmp::Ne, *id, zero)))
            }
            Value::Mask(id) if to.is_float() => {
                let one = self.algebra.constant(1.0);
                Ok(Value::Float(self.algebra.lanes().and(*id, one)))
            }
            Value::Mask(_) if to == Type::Bool => Ok(value.clone()),
            _ => Err(refuse(format!("a conversion from {own} to {to}"), span)),
        }
    }

    fn math_call(&mut self, f: rvsdg::MathFn, args: &[ValueId], span: Span) -> Result<Value> {
        let floats: Result<Vec<Id>> = args.iter().map(|v| self.float(*v, span)).collect();
        let known = || refuse(format!("the function {}", f.name()), span);
        let result = math(self.algebra, f, &floats?).ok_or_else(known)?;
        let predicate = f.result(Type::F64) == Type::Bool;
        Ok(if predicate { Value::Mask(result) } else { Value::Float(result) })
    }

    /// `a` where the mask is set, else `b`.
    fn merge(&mut self, mask: Id, a: &Value, b: &Value, span: Span) -> Result<Value> {
        let differs = || refuse("an integer that differs between elements", span);
        Ok(match (a, b) {
            (Value::Float(a), Value::Float(b)) => Value::Float(self.algebra.select(mask, *a, *b)),
            (Value::State, Value::State) => Value::State,
            (Value::Known(a), Value::Known(b)) if a == b => Value::Known(*a),
            (Value::Integer(_) | Value::Known(Scalar::I64(_)), _) if self.has_integers() => {
                let (a, b) = (self.lane(a, Type::I64, span)?, self.lane(b, Type::I64, span)?);
                Value::Integer(self.algebra.select(mask, a, b))
            }
            (Value::Known(Scalar::Ctl(_)) | Value::Choice(_), _) => {
                let (a, b) = (self.choice(a), self.choice(b));
                let (a, b) = (a.ok_or_else(differs)?, b.ok_or_else(differs)?);
                let arms = a.len().max(b.len());
                let none = self.algebra.truth(false);
                let pick = |masks: &[Id], k: usize| masks.get(k).copied().unwrap_or(none);
                let merged = (0..arms)
                    .map(|k| self.algebra.select(mask, pick(&a, k), pick(&b, k)))
                    .collect();
                Value::Choice(merged)
            }
            _ => {
                let (a, b) = (self.mask(a, span), self.mask(b, span));
                let (a, b) = (a.map_err(|_| differs())?, b.map_err(|_| differs())?);
                Value::Mask(self.algebra.select(mask, a, b))
            }
        })
    }

    /// The masks of a choice.
    fn choice(&mut self, value: &Value) -> Option<Vec<Id>> {
        match value {
            Value::Choice(masks) => Some(masks.clone()),
            Value::Known(Scalar::Ctl(k)) => {
                Some((0..=*k).map(|j| self.algebra.truth(j == *k)).collect())
            }
            _ => None,
        }
    }

    fn gamma(&mut self, node: NodeId, arms: &[RegionId]) -> Result<()> {
        let f = self.function;
        let span = f.node(node).span;
        let (predicate, inputs) = f.node(node).operands.split_first().expect("a predicate");
        let predicate = self.get(*predicate);
        let inputs: Vec<Value> = inputs.iter().map(|v| self.get(*v)).collect();
        let results = match &predicate {
            Value::Known(Scalar::Bool(holds)) => self.arm(arms[usize::from(*holds)], &inputs)?,
            Value::Known(Scalar::Ctl(k)) => self.arm(arms[*k as usize], &inputs)?,
            Value::Choice(masks) => {
                let masks = masks.clone();
                self.choices += 1;
                let none = self.algebra.truth(false);
                let of = |k: usize| masks.get(k).copied().unwrap_or(none);
                let mut results = self.arm_for(of(0), arms[0], &inputs)?;
                for (k, arm) in arms.iter().enumerate().skip(1) {
                    let mask = of(k);
                    let taken = self.arm_for(mask, *arm, &inputs)?;
                    results = self.merge_all(mask, &taken, &results, span)?;
                }
                self.choices -= 1;
                results
            }
            mask => {
                let mask = self.mask(mask, span)?;
                self.choices += 1;
                let ones = self.algebra.truth(true);
                let other = self.algebra.lanes().and_not(mask, ones);
                let no = self.arm_for(other, arms[0], &inputs)?;
                let yes = self.arm_for(mask, arms[1], &inputs)?;
                self.choices -= 1;
                self.merge_all(mask, &yes, &no, span)?
            }
        };
        for (output, value) in f.node(node).outputs.iter().zip(results) {
            self.values[output.index()] = Some(value);
        }
        Ok(())
    }

    fn merge_all(&mut self, mask: Id, a: &[Value], b: &[Value], span: Span) -> Result<Vec<Value>> {
        a.iter().zip(b).map(|(a, b)| self.merge(mask, a, b, span)).collect()
    }

    /// [`Lowerer::arm`] for the lanes of a mask.
    fn arm_for(&mut self, mask: Id, region: RegionId, inputs: &[Value]) -> Result<Vec<Value>> {
        let outer = self.path;
        self.path = Some(match outer {
            Some(path) => self.algebra.lanes().and(path, mask),
            None => mask,
        });
        let results = self.arm(region, inputs);
        self.path = outer;
        results
    }

    /// The results of a region entered with these values.
    fn arm(&mut self, region: RegionId, inputs: &[Value]) -> Result<Vec<Value>> {
        let f = self.function;
        for (param, value) in f.region(region).params.iter().zip(inputs) {
            self.values[param.index()] = Some(value.clone());
        }
        self.region(region)?;
        Ok(f.region(region).results.iter().map(|v| self.get(*v)).collect())
    }

    fn theta(&mut self, node: NodeId, body: RegionId) -> Result<()> {
        let f = self.function;
        let span = f.node(node).span;
        let mut variables: Vec<Value> =
            f.node(node).operands.iter().map(|v| self.get(*v)).collect();
        loop {
            let mut results = self.arm(body, &variables)?;
            variables = results.split_off(1);
            match results[0] {
                Value::Known(Scalar::Bool(true)) => {}
                Value::Known(Scalar::Bool(false)) => break,
                _ if self.divergent => return self.iterate(node, body),
                _ => return Err(refuse("a loop whose length differs between elements", span)),
            }
        }
        for (output, value) in f.node(node).outputs.iter().zip(variables) {
            self.values[output.index()] = Some(value);
        }
        Ok(())
    }
}
