//! A small evaluator: terms as text in, values as text out.
//!
//! Literals are egglog's, `Math#7` is class 7 of the sort `Math`, and `(as SORT term)` picks the
//! overload that returns a sort. Functions of the host are `double` (i64 -> i64), `half` (defined
//! for even numbers only), `cons` (Math Math -> Math, which adds the classes' numbers),
//! `index` (an i64 table set by primitives).

use std::collections::BTreeMap;

use super::super::*;

/// Sorts, primitives and values of a test, and what the host was asked to do.
pub(super) struct World {
    pub(super) sorts: Sorts,
    pub(super) primitives: Primitives,
    pub(super) values: Values,
    pub(super) host: Functions,
}

/// The functions of the host, by number.
const FUNCTIONS: [&str; 4] = ["double", "half", "cons", "index"];

/// A host whose functions are on encoded values, and which records changes.
#[derive(Default)]
pub(super) struct Functions {
    pub(super) unions: Vec<(Sort, Value, Value)>,
    pub(super) index: BTreeMap<Vec<Value>, Value>,
}

impl Host for Functions {
    fn apply(&mut self, function: u32, arguments: &[Value]) -> Option<Value> {
        // Small natural numbers are their own encoding, so that they need no table here.
        let (decode, encode) = (i64::from, |n: i64| n as Value);
        match (FUNCTIONS[function as usize], arguments) {
            ("double", &[n]) => Some(encode(decode(n) * 2)),
            ("half", &[n]) => (decode(n) % 2 == 0).then(|| encode(decode(n) / 2)),
            ("cons", &[a, b]) => Some(a + b),
            _ => None,
        }
    }

    fn lookup(&mut self, _: u32, arguments: &[Value]) -> Option<Value> {
        self.index.get(arguments).copied()
    }

    fn set(&mut self, _: u32, arguments: &[Value], value: Value) -> Option<()> {
        self.index.insert(arguments.to_vec(), value);
        Some(())
    }

    fn delete(&mut self, _: u32, arguments: &[Value]) -> Option<()> {
        self.index.remove(arguments);
        Some(())
    }

    fn union(&mut self, sort: Sort, a: Value, b: Value) -> Option<()> {
        self.unions.push((sort, a, b));
        Some(())
    }
}

impl World {
    /// The sort `Math` of classes, and containers declared as `"Name Presort Arg…"`.
    pub(super) fn new(containers: &[&str]) -> Self {
        let mut world = Self {
            sorts: Sorts::new(),
            primitives: Primitives::new(),
            values: Values::new(),
            host: Functions::default(),
        };
        world.sorts.declare_eq("Math").unwrap();
        for declaration in containers {
            world.declare(declaration);
        }
        world
    }

    pub(super) fn declare(&mut self, declaration: &str) -> Sort {
        let words: Vec<&str> = declaration.split_whitespace().collect();
        let args: Vec<Sort> = words[2..].iter().map(|name| self.sort(name)).collect();
        let sort = self.sorts.declare_container(words[0], words[1], &args).unwrap();
        self.primitives.add_container(&self.sorts, sort);
        sort
    }

    pub(super) fn sort(&self, name: &str) -> Sort {
        self.sorts.find(name).unwrap_or_else(|| panic!("no sort {name}"))
    }

    /// A term's value, or nothing where a primitive fails.
    pub(super) fn value(&mut self, text: &str) -> Option<(Sort, Value)> {
        let mut tokens = tokens(text).into_iter().peekable();
        let value = self.term(&mut tokens, None);
        assert!(tokens.peek().is_none(), "{text}: more than one term");
        value
    }

    /// A term's value as text, or `fails`.
    pub(super) fn eval(&mut self, text: &str) -> String {
        match self.value(text) {
            None => "fails".to_owned(),
            Some((sort, value)) => self.show(sort, value),
        }
    }

    pub(super) fn show(&self, sort: Sort, value: Value) -> String {
        let mut class = |sort: Sort, value: Value| format!("{}#{value}", self.sorts.name(sort));
        self.values.display(&self.sorts, sort, value, &mut class)
    }

    /// Evaluates each `term => result` line and shows those that differ.
    pub(super) fn check(&mut self, lines: &str) {
        let mut checked = 0;
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            let (term, expected) = line.split_once(" => ").expect("term => result");
            assert_eq!(self.eval(term.trim()), expected.trim(), "{}", term.trim());
            checked += 1;
        }
        assert!(checked > 0);
    }

    /// The one overload for arguments of these sorts, if there is one.
    pub(super) fn overload(
        &self,
        name: &str,
        args: &[Sort],
        wanted: Option<Sort>,
    ) -> (PrimId, Sort) {
        let result = |sig: &PrimSig| match sig.result {
            PrimResult::Fixed(sort) => sort,
            PrimResult::SameAsArgs => args[0],
        };
        let takes = |sig: &PrimSig| match &sig.params {
            Params::Fixed(sorts) => sorts[..] == *args,
            Params::Variadic(sort) => args.iter().all(|arg| arg == sort),
            Params::AllSame(count) => {
                args.len() == *count && args.iter().all(|arg| *arg == args[0])
            }
            Params::Alternating(a, b) => {
                args.len().is_multiple_of(2) && args.chunks(2).all(|pair| pair == [*a, *b])
            }
            Params::Target => args.first() == Some(&Sort::FN_TARGET),
        };
        let fitting: Vec<(PrimId, Sort)> = self
            .primitives
            .overloads(name)
            .iter()
            .map(|&prim| (prim, self.primitives.sig(prim)))
            .filter(|(_, sig)| takes(sig) && wanted.is_none_or(|sort| result(sig) == sort))
            .map(|(prim, sig)| (prim, result(sig)))
            .collect();
        assert_eq!(fitting.len(), 1, "{name} {args:?} -> {wanted:?}: {fitting:?}");
        fitting[0]
    }

    fn term(
        &mut self,
        tokens: &mut std::iter::Peekable<std::vec::IntoIter<String>>,
        wanted: Option<Sort>,
    ) -> Option<(Sort, Value)> {
        let token = tokens.next().expect("a term");
        if token != "(" {
            return Some(self.atom(&token));
        }
        let head = tokens.next().expect("a head");
        if head == ")" {
            return Some((Sort::UNIT, UNIT));
        }
        if head == "as" {
            let sort = self.sort(&tokens.next().expect("a sort"));
            let value = self.term(tokens, Some(sort));
            assert_eq!(tokens.next().as_deref(), Some(")"));
            return value;
        }
        let mut args = Some(Vec::new());
        while tokens.peek().is_some_and(|token| token != ")") {
            let arg = self.term(tokens, None);
            args = args.zip(arg).map(|(mut args, arg)| {
                args.push(arg);
                args
            });
        }
        tokens.next();
        let mut args = args?;
        if head == "unstable-fn" {
            self.resolve(&mut args, wanted.expect("unstable-fn needs a sort"));
        }
        let (sorts, values): (Vec<Sort>, Vec<Value>) = args.into_iter().unzip();
        let (prim, result) = self.overload(&head, &sorts, wanted);
        let value = self.values.call_with(&self.primitives, prim, &values, &mut self.host)?;
        Some((result, value))
    }

    /// Replaces the name in the arguments of `unstable-fn` by what it resolves to.
    fn resolve(&self, args: &mut [(Sort, Value)], wanted: Sort) {
        let name = self.values.as_string(args[0].1).to_owned();
        let given: Vec<Sort> = args[1..].iter().map(|&(sort, _)| sort).collect();
        let SortKind::Fn { inputs, .. } = self.sorts.kind(wanted) else { panic!("no function") };
        let table = FUNCTIONS.iter().position(|function| *function == name);
        let function = table.map_or_else(
            || {
                let all: Vec<Sort> = given.iter().chain(inputs).copied().collect();
                Target::Prim(self.overload(&name, &all, None).0)
            },
            |number| Target::Table(number as u32),
        );
        args[0] = (Sort::FN_TARGET, self.values.fn_target(&FnTarget { name, function, given }));
    }

    fn atom(&self, token: &str) -> (Sort, Value) {
        if let Some((sort, class)) = token.split_once('#') {
            return (self.sort(sort), class.parse().unwrap());
        }
        if let Some(text) = token.strip_prefix('"') {
            return (Sort::STRING, self.values.string(text.strip_suffix('"').unwrap()));
        }
        match token {
            "true" | "false" => (Sort::BOOL, self.values.bool(token == "true")),
            _ => match token.parse::<i64>() {
                Ok(n) => (Sort::I64, self.values.i64(n)),
                Err(_) => (Sort::F64, self.values.f64(token.parse().expect(token))),
            },
        }
    }
}

/// Parentheses, quoted texts and words.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' => 1,
            '"' => 2 + rest[1..].find('"').expect("a closing quote"),
            _ => rest.find([' ', '(', ')']).unwrap_or(rest.len()),
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    tokens
}
