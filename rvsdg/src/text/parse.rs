//! From tokens to functions. Regions are parsed with an explicit stack, so that their nesting is
//! limited by memory only; expressions within operands recurse, to a fixed depth.

use super::ParseError;
use super::lexer::{Kind, Token};
use crate::graph::{ExcKind, Function, NodeKind, Param, RegionId, Shape, Span, ValueId};
use crate::op::{Const, FaultId, Op};
use crate::types::Type;
use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

/// How deep operations may nest in one operand, and shapes in a shape.
const MAX_DEPTH: usize = 64;

pub(super) fn functions(tokens: &[Token]) -> Result<Vec<Function>, ParseError> {
    let mut cursor = Cursor { tokens, at: 0 };
    let mut functions = Vec::new();
    while cursor.peek().kind != Kind::End {
        functions.push(phi(&mut cursor)?);
    }
    Ok(functions)
}

struct Cursor<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl<'t> Cursor<'t> {
    fn peek(&self) -> &'t Token {
        &self.tokens[self.at]
    }

    fn next(&mut self) -> &'t Token {
        let token = self.peek();
        // The last token is the end of the text, which is never passed.
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn unexpected<T>(&self, expected: &str) -> Result<T, ParseError> {
        let token = self.peek();
        let found = match &token.kind {
            Kind::Bracket(c) => format!("`{c}`"),
            Kind::Atom(text) => format!("`{text}`"),
            Kind::Text(_) => "a string".to_owned(),
            Kind::End => "the end of the text".to_owned(),
        };
        Err(token.error("RT002", format!("expected {expected}, found {found}")))
    }

    fn is_bracket(&self, c: char) -> bool {
        self.peek().kind == Kind::Bracket(c)
    }

    fn bracket(&mut self, c: char) -> Result<(), ParseError> {
        if !self.is_bracket(c) {
            return self.unexpected(&format!("`{c}`"));
        }
        self.next();
        Ok(())
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.peek().kind, Kind::Atom(text) if text == word)
    }

    fn word(&mut self, word: &str) -> Result<(), ParseError> {
        if !self.is_word(word) {
            return self.unexpected(&format!("`{word}`"));
        }
        self.next();
        Ok(())
    }

    fn atom(&mut self, expected: &str) -> Result<&'t str, ParseError> {
        match &self.peek().kind {
            Kind::Atom(text) => {
                self.next();
                Ok(text)
            }
            _ => self.unexpected(expected),
        }
    }

    fn text(&mut self, expected: &str) -> Result<&'t str, ParseError> {
        match &self.peek().kind {
            Kind::Text(text) => {
                self.next();
                Ok(text)
            }
            _ => self.unexpected(expected),
        }
    }

    fn number(&mut self) -> Result<u32, ParseError> {
        match &self.peek().kind {
            Kind::Atom(text) if text.parse::<u32>().is_ok() => {
                self.next();
                Ok(text.parse().unwrap_or(0))
            }
            _ => self.unexpected("a number"),
        }
    }

    fn ty(&mut self) -> Result<Type, ParseError> {
        let token = self.peek();
        let name = self.atom("a type")?;
        Type::from_name(name).ok_or_else(|| token.error("RT007", format!("`{name}` is not a type")))
    }

    /// The names of values up to a closing bracket or `=`.
    fn value_names(&mut self) -> Vec<&'t Token> {
        let mut names = Vec::new();
        while matches!(&self.peek().kind, Kind::Atom(text) if text.starts_with('%')) {
            names.push(self.next());
        }
        names
    }

    /// `[%a %b ..]`.
    fn port_names(&mut self) -> Result<Vec<&'t Token>, ParseError> {
        self.bracket('[')?;
        let names = self.value_names();
        self.bracket(']')?;
        Ok(names)
    }

    /// `:at START END`, if there.
    fn span(&mut self) -> Result<Span, ParseError> {
        if !self.is_word(":at") {
            return Ok(Span::NONE);
        }
        self.next();
        Ok(Span { start: self.number()?, end: self.number()? })
    }

    fn shape(&mut self, depth: usize) -> Result<Shape, ParseError> {
        if depth > MAX_DEPTH {
            return Err(self.peek().error("RT003", "the shape is nested too deep".to_owned()));
        }
        if self.is_word("none") {
            self.next();
            return Ok(Shape::None);
        }
        if self.is_word("_") {
            self.next();
            return Ok(Shape::Scalar);
        }
        if !self.is_bracket('(') {
            self.ty()?;
            return Ok(Shape::Scalar);
        }
        self.next();
        let mut items = Vec::new();
        while !self.is_bracket(')') {
            items.push(self.shape(depth + 1)?);
        }
        self.next();
        Ok(Shape::Tuple(items))
    }
}

/// A gamma or theta whose regions are being read.
struct Open<'t> {
    outputs: Vec<&'t Token>,
    /// Where the operation is named.
    head: &'t Token,
    operands: Vec<ValueId>,
    theta: bool,
    regions: Vec<RegionId>,
    /// The region that contains the node.
    outer: RegionId,
}

struct Reader<'c, 't> {
    cursor: &'c mut Cursor<'t>,
    function: Function,
    names: HashMap<&'t str, ValueId, FxBuildHasher>,
    /// Names defined in each open region.
    scopes: Vec<Vec<&'t str>>,
    region: RegionId,
    open: Vec<Open<'t>>,
}

/// A function, or `(phi FUNCTION MEMBER…)`.
fn phi(cursor: &mut Cursor<'_>) -> Result<Function, ParseError> {
    let start = cursor.at;
    cursor.bracket('(')?;
    if !cursor.is_word("phi") {
        cursor.at = start;
        return function(cursor);
    }
    cursor.next();
    let mut root = function(cursor)?;
    while !cursor.is_bracket(')') {
        root.phi.push(function(cursor)?.into());
    }
    cursor.next();
    Ok(root)
}

fn function(cursor: &mut Cursor<'_>) -> Result<Function, ParseError> {
    cursor.bracket('(')?;
    cursor.word("lambda")?;
    let name = match cursor.atom("`@` and a name")?.strip_prefix('@') {
        Some("") => cursor.text("a name in quotes")?,
        Some(name) => name,
        None => {
            cursor.at -= 1;
            return cursor.unexpected("`@` and a name");
        }
    };
    cursor.bracket('[')?;
    let (mut params, mut names) = (Vec::new(), Vec::new());
    while !cursor.is_bracket(']') {
        cursor.bracket('(')?;
        let token = cursor.peek();
        let value = cursor.atom("a value's name")?;
        let Some(plain) = value.strip_prefix('%') else {
            return Err(token.error("RT002", "expected a name that starts with `%`".to_owned()));
        };
        let ty = cursor.ty()?;
        let given = matches!(cursor.peek().kind, Kind::Text(_));
        let name = if given { cursor.text("a name")? } else { plain };
        params.push(Param { name: name.into(), ty });
        names.push(token);
        cursor.bracket(')')?;
    }
    cursor.next();
    let place = cursor.peek();
    let states = cursor.port_names()?;
    let Some(mems) = states.len().checked_sub(1) else {
        return Err(place.error("RT010", "a function has at least the state io".to_owned()));
    };
    names.extend(states);
    cursor.word("->")?;
    let shape = cursor.shape(0)?;
    let function = Function::new(name, params, mems as u32, shape);
    let region = function.body();
    let mut reader = Reader {
        cursor,
        function,
        names: HashMap::default(),
        scopes: vec![Vec::new()],
        region,
        open: Vec::new(),
    };
    let values = reader.function.region(region).params.clone();
    reader.define(&names, &values)?;
    reader.statements()?;
    Ok(reader.function)
}

impl<'t> Reader<'_, 't> {
    fn define(&mut self, names: &[&'t Token], values: &[ValueId]) -> Result<(), ParseError> {
        for (token, value) in names.iter().zip(values) {
            let Kind::Atom(name) = &token.kind else { continue };
            if self.names.insert(name, *value).is_some() {
                return Err(token.error("RT005", format!("`{name}` is defined already")));
            }
            if let Some(scope) = self.scopes.last_mut() {
                scope.push(name);
            }
        }
        Ok(())
    }

    /// Everything up to the end of the function.
    fn statements(&mut self) -> Result<(), ParseError> {
        loop {
            self.cursor.bracket('(')?;
            if self.cursor.is_word("results") {
                self.cursor.next();
                let results = self.operands(')', 0)?;
                self.function.set_results(self.region, results);
                self.cursor.bracket(')')?;
                if self.open.is_empty() {
                    return Ok(());
                }
                self.close_region()?;
            } else {
                self.statement()?;
            }
        }
    }

    fn statement(&mut self) -> Result<(), ParseError> {
        let outputs = self.cursor.value_names();
        self.cursor.word("=")?;
        let head = self.cursor.peek();
        if self.cursor.is_word("gamma") || self.cursor.is_word("theta") {
            let theta = self.cursor.is_word("theta");
            self.cursor.next();
            let mut operands = Vec::new();
            if !theta {
                operands.push(self.operand(0)?);
            }
            self.cursor.bracket('[')?;
            operands.extend(self.operands(']', 0)?);
            let outer = self.region;
            self.open.push(Open { outputs, head, operands, theta, regions: Vec::new(), outer });
            return self.next_region();
        }
        let values = self.operation(0)?;
        self.finish(&outputs, head, &values)
    }

    /// Checks the number of outputs and gives them their names.
    fn finish(
        &mut self,
        outputs: &[&'t Token],
        head: &Token,
        values: &[ValueId],
    ) -> Result<(), ParseError> {
        if outputs.len() != values.len() {
            let message = format!("{} outputs for {} names", values.len(), outputs.len());
            return Err(head.error("RT010", message));
        }
        self.define(outputs, values)
    }

    /// Opens the next region of the innermost gamma or theta, or ends the node.
    fn next_region(&mut self) -> Result<(), ParseError> {
        let Some(open) = self.open.last() else { return Ok(()) };
        let complete = open.theta && !open.regions.is_empty();
        if complete || !self.cursor.is_bracket('(') {
            return self.close_node();
        }
        self.cursor.next();
        self.cursor.word(if open.theta { "body" } else { "arm" })?;
        let place = self.cursor.peek();
        let names = self.cursor.port_names()?;
        let inputs = if open.theta { &open.operands[..] } else { &open.operands[1..] };
        if names.len() != inputs.len() {
            let message = format!("{} parameters for {} inputs", names.len(), inputs.len());
            return Err(place.error("RT010", message));
        }
        let types: Vec<Type> = inputs.iter().map(|value| self.function.ty(*value)).collect();
        let region = self.function.add_region();
        let params: Vec<ValueId> =
            types.into_iter().map(|ty| self.function.add_region_param(region, ty)).collect();
        self.region = region;
        self.scopes.push(Vec::new());
        self.define(&names, &params)
    }

    fn close_region(&mut self) -> Result<(), ParseError> {
        for name in self.scopes.pop().unwrap_or_default() {
            self.names.remove(name);
        }
        let region = self.region;
        if let Some(open) = self.open.last_mut() {
            open.regions.push(region);
            self.region = open.outer;
        }
        self.next_region()
    }

    fn close_node(&mut self) -> Result<(), ParseError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let Some(first) = open.regions.first() else {
            return self.cursor.unexpected(if open.theta { "`(body`" } else { "`(arm`" });
        };
        let span = self.cursor.span()?;
        self.cursor.bracket(')')?;
        let typed = if open.theta { &open.operands } else { &self.function.region(*first).results };
        let types: Vec<Type> = typed.iter().map(|value| self.function.ty(*value)).collect();
        let kind = if open.theta {
            NodeKind::Theta { body: *first }
        } else {
            NodeKind::Gamma { arms: open.regions.clone() }
        };
        let node = self.function.push_node(kind, self.region, &open.operands, &types, span);
        for region in &open.regions {
            self.function.set_owner(*region, node);
        }
        let values = self.function.node(node).outputs.clone();
        self.finish(&open.outputs, open.head, &values)
    }

    /// Operands up to a closing bracket, which is taken, or up to an attribute, which is not.
    fn operands(&mut self, end: char, depth: usize) -> Result<Vec<ValueId>, ParseError> {
        let mut operands = Vec::new();
        loop {
            if self.cursor.is_bracket(end) {
                self.cursor.next();
                return Ok(operands);
            }
            operands.push(self.operand(depth)?);
        }
    }

    /// A name, a literal, or an operation in parentheses.
    fn operand(&mut self, depth: usize) -> Result<ValueId, ParseError> {
        let token = self.cursor.peek();
        if self.cursor.is_bracket('(') {
            if depth >= MAX_DEPTH {
                return Err(token.error("RT003", "operations are nested too deep".to_owned()));
            }
            self.cursor.next();
            let values = self.operation(depth + 1)?;
            return match values[..] {
                [value] => Ok(value),
                _ => Err(token.error("RT010", "an operand has one output".to_owned())),
            };
        }
        let text = self.cursor.atom("a value")?;
        if text.starts_with('%') {
            return self
                .names
                .get(text)
                .copied()
                .ok_or_else(|| token.error("RT004", format!("`{text}` is not defined here")));
        }
        let literal = [Type::I64, Type::Bool, Type::Unit, Type::F64]
            .into_iter()
            .find_map(|ty| Const::from_text(ty, text));
        match literal {
            Some(constant) => Ok(self.function.constant(self.region, constant, Span::NONE)),
            None => Err(token.error("RT008", format!("`{text}` is not a value or a literal"))),
        }
    }

    /// An operation from its name to the closing parenthesis; gives its outputs.
    fn operation(&mut self, depth: usize) -> Result<Vec<ValueId>, ParseError> {
        let head = self.cursor.peek();
        let name = self.cursor.atom("an operation")?;
        let (op, operands) = if name == "const" {
            (self.constant()?, Vec::new())
        } else {
            let known = if name == "guard" {
                Op::Guard(FaultId(u32::MAX))
            } else {
                Op::from_name(name)
                    .ok_or_else(|| head.error("RT006", format!("`{name}` is not an operation")))?
            };
            let mut operands = Vec::new();
            while !self.cursor.is_bracket(')') && !self.at_attribute() {
                operands.push(self.operand(depth)?);
            }
            let op = if name == "guard" { Op::Guard(self.fault()?) } else { known };
            (op, operands)
        };
        let span = self.cursor.span()?;
        self.cursor.bracket(')')?;
        match self.function.try_simple(self.region, op, &operands, span) {
            Ok(node) => Ok(self.function.node(node).outputs.to_vec()),
            Err(error) => {
                let types: Vec<String> =
                    operands.iter().map(|value| self.function.ty(*value).to_string()).collect();
                let message = format!("{name} of ({}): {error}", types.join(", "));
                Err(head.error("RT009", message))
            }
        }
    }

    fn at_attribute(&self) -> bool {
        self.cursor.is_word(":at") || self.cursor.is_word(":raise")
    }

    fn constant(&mut self) -> Result<Op, ParseError> {
        let ty = self.cursor.ty()?;
        let token = self.cursor.peek();
        let text = self.cursor.atom("a literal")?;
        Const::from_text(ty, text)
            .map(Op::Const)
            .ok_or_else(|| token.error("RT008", format!("`{text}` is not a constant of {ty}")))
    }

    /// `:raise CLASS "message"`.
    fn fault(&mut self) -> Result<FaultId, ParseError> {
        self.cursor.word(":raise")?;
        let token = self.cursor.peek();
        let class = self.cursor.atom("an exception class")?;
        let kind = ExcKind::from_name(class)
            .ok_or_else(|| token.error("RT011", format!("`{class}` is not an exception class")))?;
        let message = self.cursor.text("the exception's message in quotes")?;
        Ok(self.function.fault(kind, message))
    }
}
