//! Declarations without text.

use super::super::exec::{Error, Session};
use super::super::syntax::{Command, Function, Merge, Name, Span, Variant, parse_expr};

/// A datatype that is put together at run time.
///
/// ```
/// use egraph_core::egglog::{Datatype, Session};
///
/// let mut session = Session::default();
/// let mut math = Datatype::new("Math").variant("Num", &["i64"]);
/// for operator in ["Add", "Mul"] {
///     math = math.variant(operator, &["Math", "Math"]);
/// }
/// session.datatype(math.variant_of_cost("Div", &["Math", "Math"], 10))?;
/// let one = session.value(1);
/// let one = session.make("Num", &[one])?;
/// let two = session.make("Add", &[one, one])?;
/// assert_eq!(session.best(two)?.term.to_string(), "(Add (Num 1) (Num 1))");
/// # Ok::<(), egraph_core::egglog::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datatype {
    name: String,
    variants: Vec<Variant>,
}

fn names(names: &[&str]) -> Vec<Name> {
    names.iter().map(|name| Name::from(*name)).collect()
}

impl Datatype {
    /// A sort without constructors.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), variants: Vec::new() }
    }

    /// Adds a constructor.
    pub fn variant(self, name: &str, inputs: &[&str]) -> Self {
        self.variant_of_cost(name, inputs, 1)
    }

    /// Adds a constructor whose nodes have a cost in extraction other than 1.
    pub fn variant_of_cost(mut self, name: &str, inputs: &[&str], cost: u64) -> Self {
        self.variants.push(Variant {
            span: Span::default(),
            name: name.into(),
            inputs: names(inputs),
            cost: Some(cost),
            unextractable: false,
            ac: None,
        });
        self
    }
}

impl Session {
    /// Declares a datatype.
    ///
    /// # Errors
    /// A name is taken, or a sort is not declared.
    pub fn datatype(&mut self, datatype: Datatype) -> Result<(), Error> {
        let Datatype { name, variants } = datatype;
        self.command(&Command::Datatype(Span::default(), name.as_str().into(), variants))?;
        Ok(())
    }

    /// Declares a relation.
    ///
    /// # Errors
    /// The name is taken, or a sort is not declared.
    pub fn relation(&mut self, name: &str, inputs: &[&str]) -> Result<(), Error> {
        self.command(&Command::Relation(Span::default(), name.into(), names(inputs)))?;
        Ok(())
    }

    /// Declares a function; `merge` makes one value of `old` and `new`, and without it two
    /// values are an error. This is how a value is kept for each class, as an analysis does.
    ///
    /// ```
    /// use egraph_core::egglog::{Runner, Session, rewrite, rule};
    ///
    /// let mut session = Session::default();
    /// session.program("(datatype Math (Num i64) (Add Math Math))")?;
    /// session.function("value", &["Math"], "i64", Some("old"))?;
    /// session.rules("", [
    ///     rule!("num"; "(= ?e (Num ?n))" => "(set (value ?e) ?n)"),
    ///     rule!("add"; "(= ?e (Add ?a ?b))", "(= ?x (value ?a))", "(= ?y (value ?b))"
    ///           => "(set (value ?e) (+ ?x ?y))"),
    ///     rule!("fold"; "(= ?n (value ?e))" => "(union ?e (Num ?n))"),
    /// ])?;
    /// let sum = session.add("(Add (Num 1) (Add (Num 2) (Num 3)))")?;
    /// Runner::new().run(&mut session)?;
    /// assert_eq!(session.best(sum)?.term.to_string(), "(Num 6)");
    /// # Ok::<(), egraph_core::egglog::Error>(())
    /// ```
    ///
    /// # Errors
    /// The name is taken, a sort is not declared, or the merge has no meaning.
    pub fn function(
        &mut self,
        name: &str,
        inputs: &[&str],
        output: &str,
        merge: Option<&str>,
    ) -> Result<(), Error> {
        let merge = match merge {
            None => Merge::Conflict,
            Some(text) => {
                let file = self.add_source("<merge>", text);
                let expr = parse_expr(file, text).map_err(|errors| self.first_error(errors))?;
                Merge::Expr(expr)
            }
        };
        self.command(&Command::Function(Function {
            span: Span::default(),
            name: name.into(),
            inputs: names(inputs),
            output: output.into(),
            merge,
            unextractable: false,
            hidden: false,
            let_binding: false,
        }))?;
        Ok(())
    }
}
