//! Regions, gammas, thetas and the segments of regions that may raise.

use crate::emit::{EmitError, EmitOptions, Site, param_names};
use crate::plan::{Plan, Segment};
use crate::routines::{Routine, Shared};
use crate::types::{has_value, mlir_type};
use rvsdg::{Const, ExcKind, Function, Node, NodeId, NodeKind, Op, RegionId, Span, Type, ValueId};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

/// Indentation stops growing here, so that deep nests do not make the text quadratic.
const MAX_INDENT: usize = 16;

/// A function's text and what was found while printing it.
pub(crate) struct Body {
    /// The lines between the braces.
    pub(crate) text: String,
    /// The names of the parameters that exist at run time.
    pub(crate) params: Vec<String>,
    /// Whether a status comes before the results.
    pub(crate) status: bool,
    /// The places that can raise.
    pub(crate) sites: Vec<Site>,
}

/// Whether something was raised, at some point of a region.
#[derive(Clone)]
pub(crate) struct Status {
    /// The name of the status, an `i32`.
    pub(crate) value: String,
    /// The name of an `i1` that is true while nothing was raised, if there is one already.
    pub(crate) ok: Option<String>,
}

/// Prints one function.
pub(crate) struct Emitter<'a> {
    pub(crate) function: &'a Function,
    pub(crate) options: &'a EmitOptions,
    pub(crate) shared: &'a mut Shared,
    plan: Plan,
    names: Vec<String>,
    constants: BTreeMap<String, String>,
    sites: Vec<Site>,
    text: String,
    next: usize,
    indent: usize,
}

impl<'a> Emitter<'a> {
    /// Prepares to print a function.
    pub(crate) fn new(
        function: &'a Function,
        options: &'a EmitOptions,
        shared: &'a mut Shared,
    ) -> Emitter<'a> {
        Emitter {
            function,
            options,
            shared,
            plan: Plan::new(function, options.poll),
            names: vec![String::new(); function.value_count()],
            constants: BTreeMap::new(),
            sites: Vec::new(),
            text: String::new(),
            next: 0,
            indent: 1,
        }
    }

    /// Prints the function's body.
    pub(crate) fn function(mut self) -> Result<Body, EmitError> {
        let params = param_names(self.function);
        let existing =
            self.function.param_values().iter().filter(|v| has_value(self.function.ty(**v)));
        for (value, name) in existing.zip(&params) {
            self.names[value.index()].clone_from(name);
        }
        let body = self.function.body();
        let raises = self.plan.region_raises(self.function, body);
        let status = self.nodes_of(body)?;
        let (names, types) = self.handed_on(self.function.result_values(), raises, status);
        if names.is_empty() {
            self.line(format_args!("return"));
        } else {
            self.line(format_args!("return {} : {}", names.join(", "), types.join(", ")));
        }
        let mut text = String::new();
        for (name, definition) in &self.constants {
            let _ = writeln!(text, "  {name} = {definition}");
        }
        text.push_str(&self.text);
        Ok(Body { text, params, status: raises, sites: self.sites })
    }

    /// Prints a region's nodes; the status afterwards if one of them may raise.
    fn nodes_of(&mut self, region: RegionId) -> Result<Option<Status>, EmitError> {
        let mut status: Option<Status> = None;
        for segment in self.plan.segments(self.function, region) {
            status = match status {
                Some(before) if !segment.harmless => Some(self.protected(&segment, before)?),
                before => self.straight(segment.nodes, before)?,
            };
        }
        Ok(status)
    }

    /// Prints nodes one after the other.
    fn straight(
        &mut self,
        nodes: &[NodeId],
        mut status: Option<Status>,
    ) -> Result<Option<Status>, EmitError> {
        for &node in nodes {
            if let Some(raised) = self.node(node)? {
                status = Some(match status {
                    None => raised,
                    Some(before) => self.first_of(&before, raised),
                });
            }
        }
        Ok(status)
    }

    /// The status of two checks in sequence: the first that raised counts.
    fn first_of(&mut self, before: &Status, then: Status) -> Status {
        let ok = self.ok(before);
        let value =
            self.define(format_args!("arith.select {ok}, {}, {} : i32", then.value, before.value));
        let ok = then.ok.map(|then| self.define(format_args!("arith.andi {ok}, {then} : i1")));
        Status { value, ok }
    }

    /// Prints a segment that runs only if nothing was raised before it.
    fn protected(&mut self, segment: &Segment, before: Status) -> Result<Status, EmitError> {
        let ok = self.ok(&before);
        let mut nodes = Vec::with_capacity(segment.nodes.len());
        for &node in segment.nodes {
            // A constant outside stays a constant; handed on, it would become a phi.
            if let NodeKind::Simple(Op::Const(_)) = self.function.node(node).kind {
                self.node(node)?;
            } else {
                nodes.push(node);
            }
        }
        let escaping: Vec<ValueId> = nodes
            .iter()
            .flat_map(|node| self.function.node(*node).outputs.iter().copied())
            .filter(|v| self.plan.origin(*v) == *v && self.plan.escapes(*v))
            .collect();
        let mut types: Vec<String> = Vec::new();
        if segment.raises {
            types.push("i32".to_owned());
        }
        types.extend(escaping.iter().filter_map(|v| self.mlir_type(*v)));
        let results = self.open_if(&ok, &types);
        let after = self.straight(&nodes, None)?;
        let mut names: Vec<String> = after.into_iter().map(|status| status.value).collect();
        names.extend(escaping.iter().map(|v| self.name(*v)));
        self.yields(&names, &types);
        if !types.is_empty() {
            self.dedent();
            self.line(format_args!("}} else {{"));
            self.indent();
            let mut names = Vec::with_capacity(types.len());
            if segment.raises {
                names.push(before.value.clone());
            }
            for value in &escaping {
                names.push(self.default_of(self.function.ty(*value))?);
            }
            self.yields(&names, &types);
        }
        self.dedent();
        self.line(format_args!("}}"));
        let mut results = results.into_iter();
        let after = match results.next() {
            Some(value) if segment.raises => Status { value, ok: None },
            Some(value) => {
                self.names[escaping[0].index()] = value;
                before
            }
            None => before,
        };
        let rest = if segment.raises { &escaping[..] } else { escaping.get(1..).unwrap_or(&[]) };
        for (value, name) in rest.iter().zip(results) {
            self.names[value.index()] = name;
        }
        Ok(after)
    }

    /// Prints one node; its status if it may raise.
    fn node(&mut self, id: NodeId) -> Result<Option<Status>, EmitError> {
        let function = self.function;
        let node = function.node(id);
        match &node.kind {
            NodeKind::Simple(op) => self.simple(node, *op),
            NodeKind::Gamma { arms } => self.gamma(id, node, arms),
            NodeKind::Theta { body } => self.theta(id, node, *body),
        }
    }

    fn gamma(
        &mut self,
        id: NodeId,
        node: &Node,
        arms: &[RegionId],
    ) -> Result<Option<Status>, EmitError> {
        let raises = self.plan.node_raises(id);
        let outputs: Vec<ValueId> = self.existing(&node.outputs);
        let mut types: Vec<String> = if raises { vec!["i32".to_owned()] } else { Vec::new() };
        types.extend(outputs.iter().filter_map(|v| self.mlir_type(*v)));
        let predicate = self.name(node.operands[0]);
        let results;
        if self.function.ty(node.operands[0]) == Type::Bool {
            let [no, yes] = arms else {
                return Err(self.malformed("a gamma on `bool` has two arms"));
            };
            results = self.open_if(&predicate, &types);
            self.arm(node, *yes, raises, &types)?;
            self.dedent();
            self.line(format_args!("}} else {{"));
            self.indent();
            self.arm(node, *no, raises, &types)?;
        } else {
            let Some((last, cases)) = arms.split_last() else {
                return Err(self.malformed("a gamma has an arm"));
            };
            let index = self.define(format_args!("arith.index_cast {predicate} : i32 to index"));
            // Unlike the other operations, this one lists its types without parentheses.
            let arrow =
                if types.is_empty() { String::new() } else { format!(" -> {}", types.join(", ")) };
            results = self.open(&types, format_args!("scf.index_switch {index}{arrow}"), "");
            self.dedent();
            for (case, arm) in cases.iter().enumerate() {
                self.line(format_args!("case {case} {{"));
                self.indent();
                self.arm(node, *arm, raises, &types)?;
                self.switch_yield(&types);
                self.dedent();
                self.line(format_args!("}}"));
            }
            self.line(format_args!("default {{"));
            self.indent();
            self.arm(node, *last, raises, &types)?;
            self.switch_yield(&types);
        }
        self.dedent();
        self.line(format_args!("}}"));
        Ok(self.bind(&outputs, results, raises))
    }

    /// `scf.index_switch` wants a terminator even where nothing is yielded.
    fn switch_yield(&mut self, types: &[String]) {
        if types.is_empty() {
            self.line(format_args!("scf.yield"));
        }
    }

    fn arm(
        &mut self,
        node: &Node,
        arm: RegionId,
        raises: bool,
        types: &[String],
    ) -> Result<(), EmitError> {
        let function = self.function;
        for (param, input) in function.region(arm).params.iter().zip(&node.operands[1..]) {
            self.names[param.index()] = self.name(*input);
        }
        let status = self.nodes_of(arm)?;
        let (names, _) = self.handed_on(&function.region(arm).results, raises, status);
        self.yields(&names, types);
        Ok(())
    }

    fn theta(
        &mut self,
        id: NodeId,
        node: &Node,
        body: RegionId,
    ) -> Result<Option<Status>, EmitError> {
        let function = self.function;
        let raises = self.plan.node_raises(id);
        let region = function.region(body);
        let Some((again, next)) = region.results.split_first() else {
            return Err(self.malformed("a loop's body has a condition"));
        };
        let mut inits = Vec::new();
        let mut types = Vec::new();
        for (param, init) in region.params.iter().zip(&node.operands) {
            if let Some(ty) = self.mlir_type(*param) {
                let name = self.fresh();
                inits.push(format!("{name} = {}", self.name(*init)));
                self.names[param.index()] = name;
                types.push(ty);
            }
        }
        let mut carried: Vec<String> = if raises { vec!["i32".to_owned()] } else { Vec::new() };
        carried.extend(types.iter().cloned());
        let inits =
            if inits.is_empty() { String::new() } else { format!(" ({})", inits.join(", ")) };
        let list = types.join(", ");
        let head = format!("scf.while{inits} : ({list}) -> ({})", carried.join(", "));
        let results = self.open(&carried, format_args!("{head}"), " {");
        let status = self.nodes_of(body)?;
        let (again, status) = self.back_edge(self.name(*again), status);
        let (names, _) = self.handed_on(next, raises, status);
        let names = typed(&names, &carried);
        self.line(format_args!("scf.condition({again}){names}"));
        self.dedent();
        self.line(format_args!("}} do {{"));
        self.after_region(raises, &types);
        self.line(format_args!("}}"));
        let outputs = self.existing(&node.outputs);
        Ok(self.bind(&outputs, results, raises))
    }

    /// The loop's condition: it also stops once something was raised, or when told to.
    fn back_edge(&mut self, again: String, status: Option<Status>) -> (String, Option<Status>) {
        let mut again = again;
        if let Some(status) = &status {
            let ok = self.ok(status);
            again = self.define(format_args!("arith.andi {again}, {ok} : i1"));
        }
        if !self.options.poll {
            return (again, status);
        }
        self.shared.routine(Routine::Poll);
        let stop = self.define(format_args!("func.call @ovum_poll() : () -> i1"));
        let hit = self.define(format_args!("arith.andi {again}, {stop} : i1"));
        let code = self.raise_code(ExcKind::TimeLimit, "the time limit was reached", Span::NONE);
        let before = status.map_or_else(|| self.success(), |status| status.value);
        let value = self.define(format_args!("arith.select {hit}, {code}, {before} : i32"));
        let cleared = self.constant("%zero.i1", "arith.constant false");
        let again = self.define(format_args!("arith.select {hit}, {cleared}, {again} : i1"));
        (again, Some(Status { value, ok: None }))
    }

    /// The region of `scf.while` after the condition: hands the loop variables on.
    fn after_region(&mut self, raises: bool, types: &[String]) {
        let names: Vec<String> = types.iter().map(|_| self.fresh()).collect();
        let mut params: Vec<String> =
            names.iter().zip(types).map(|(name, ty)| format!("{name}: {ty}")).collect();
        if raises {
            let status = self.fresh();
            params.insert(0, format!("{status}: i32"));
        }
        if !params.is_empty() {
            self.line(format_args!("^bb0({}):", params.join(", ")));
        }
        self.indent();
        self.line(format_args!("scf.yield{}", typed(&names, types)));
        self.dedent();
    }

    /// Names a structured operation's results: the status first if there is one.
    fn bind(&mut self, outputs: &[ValueId], results: Vec<String>, raises: bool) -> Option<Status> {
        let mut results = results.into_iter();
        let status = if raises { results.next() } else { None };
        for (output, name) in outputs.iter().zip(results) {
            self.names[output.index()] = name;
        }
        status.map(|value| Status { value, ok: None })
    }

    /// Names and types of a region's results that exist at run time, after the status.
    fn handed_on(
        &mut self,
        results: &[ValueId],
        raises: bool,
        status: Option<Status>,
    ) -> (Vec<String>, Vec<String>) {
        let mut names = Vec::new();
        let mut types = Vec::new();
        if raises {
            names.push(status.map_or_else(|| self.success(), |status| status.value));
            types.push("i32".to_owned());
        }
        for &result in results {
            if let Some(ty) = self.mlir_type(result) {
                names.push(self.name(result));
                types.push(ty);
            }
        }
        (names, types)
    }

    /// Opens `scf.if` and returns the names of its results.
    fn open_if(&mut self, condition: &str, types: &[String]) -> Vec<String> {
        self.open(types, format_args!("scf.if {condition}{}", arrow(types)), " {")
    }

    fn open(&mut self, types: &[String], head: fmt::Arguments, brace: &str) -> Vec<String> {
        let names = match types.len() {
            0 => {
                self.line(format_args!("{head}{brace}"));
                Vec::new()
            }
            1 => {
                let name = self.fresh();
                self.line(format_args!("{name} = {head}{brace}"));
                vec![name]
            }
            n => {
                let name = self.fresh();
                self.line(format_args!("{name}:{n} = {head}{brace}"));
                (0..n).map(|k| format!("{name}#{k}")).collect()
            }
        };
        self.indent();
        names
    }

    fn yields(&mut self, names: &[String], types: &[String]) {
        if !types.is_empty() {
            self.line(format_args!("scf.yield{}", typed(names, types)));
        }
    }

    fn existing(&self, values: &[ValueId]) -> Vec<ValueId> {
        values.iter().copied().filter(|v| has_value(self.function.ty(*v))).collect()
    }

    fn mlir_type(&self, value: ValueId) -> Option<String> {
        mlir_type(self.function.ty(value)).map(String::from)
    }

    /// The name of an `i1` that is true while nothing was raised.
    fn ok(&mut self, status: &Status) -> String {
        status.ok.clone().unwrap_or_else(|| {
            let zero = self.success();
            self.define(format_args!("arith.cmpi eq, {}, {zero} : i32", status.value))
        })
    }

    /// The name of the status of success.
    pub(crate) fn success(&mut self) -> String {
        self.constant("%status.0", "arith.constant 0 : i32")
    }

    /// The name of the status of an exception raised here.
    pub(crate) fn raise_code(&mut self, kind: ExcKind, message: &str, span: Span) -> String {
        /// A status has 23 bits for the site.
        const MAX_SITES: usize = (1 << 23) - 1;
        let mut status = kind.code();
        if self.options.sites && self.sites.len() < MAX_SITES {
            self.sites.push(Site { kind, message: Arc::from(message), span });
            status |= (self.sites.len() as i32) << 8;
        }
        self.constant(&format!("%status.{status}"), &format!("arith.constant {status} : i32"))
    }

    /// What a skipped segment hands on for a value: never looked at.
    fn default_of(&mut self, ty: Type) -> Result<String, EmitError> {
        let Some(text) = mlir_type(ty) else {
            return Err(self.malformed("a state has no value"));
        };
        Ok(match ty {
            Type::MemRef { .. } => {
                let function = self.function;
                let same = function
                    .param_values()
                    .iter()
                    .find(|v| mlir_type(function.ty(**v)).as_ref() == Some(&text));
                match same {
                    Some(param) => self.name(*param),
                    None => return Err(self.malformed("an array that is not a parameter")),
                }
            }
            Type::Bool => self.constant("%zero.i1", "arith.constant false"),
            ty => self.zero(ty, &text),
        })
    }

    /// The name of zero in a numeric type.
    pub(crate) fn zero(&mut self, ty: Type, text: &str) -> String {
        let literal = if ty.is_float() { "0.0" } else { "0" };
        self.constant(&format!("%zero.{text}"), &format!("arith.constant {literal} : {text}"))
    }

    /// The name of a constant defined at the top of the function.
    pub(crate) fn constant(&mut self, name: &str, definition: &str) -> String {
        if !self.constants.contains_key(name) {
            self.constants.insert(name.to_owned(), definition.to_owned());
        }
        name.to_owned()
    }

    /// Defines a value that lives in the graph.
    pub(crate) fn set_name(&mut self, value: ValueId, name: String) {
        self.names[value.index()] = name;
    }

    /// The name of a value.
    pub(crate) fn name(&self, value: ValueId) -> String {
        self.names[self.plan.origin(value).index()].clone()
    }

    /// Prints a definition and returns the defined name.
    pub(crate) fn define(&mut self, definition: fmt::Arguments) -> String {
        let name = self.fresh();
        self.line(format_args!("{name} = {definition}"));
        name
    }

    fn fresh(&mut self) -> String {
        self.next += 1;
        format!("%{}", self.next - 1)
    }

    /// Prints one line.
    pub(crate) fn line(&mut self, line: fmt::Arguments) {
        let indent = self.indent.min(MAX_INDENT);
        let _ = writeln!(self.text, "{:1$}{line}", "", 2 * indent);
    }

    fn indent(&mut self) {
        self.indent += 1;
    }

    fn dedent(&mut self) {
        self.indent -= 1;
    }

    /// An error about this function's form.
    pub(crate) fn malformed(&self, what: &str) -> EmitError {
        EmitError::Malformed { function: self.function.name.to_string(), what: what.to_owned() }
    }

    /// An error about something that MLIR text cannot say here.
    pub(crate) fn unsupported(&self, what: String, span: Span) -> EmitError {
        EmitError::Unsupported { function: self.function.name.to_string(), what, span }
    }

    /// Defines the value of a constant node; `unit` has none.
    pub(crate) fn constant_node(&mut self, output: ValueId, constant: Const) {
        if let (Some(text), Some(ty)) = (crate::types::literal(constant), mlir_type(constant.ty()))
        {
            let name = if constant.ty() == Type::Bool {
                self.define(format_args!("arith.constant {text}"))
            } else {
                self.define(format_args!("arith.constant {text} : {ty}"))
            };
            self.set_name(output, name);
        }
    }
}

/// ` -> (types)`, or nothing.
fn arrow(types: &[String]) -> String {
    match types {
        [] => String::new(),
        [one] => format!(" -> {one}"),
        many => format!(" -> ({})", many.join(", ")),
    }
}

/// ` names : types`, or nothing.
fn typed(names: &[String], types: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!(" {} : {}", names.join(", "), types.join(", "))
    }
}
