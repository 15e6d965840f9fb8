//! From the literals of a call to the arguments of a function.
//!
//! | literal | parameters it fits |
//! |---|---|
//! | `True`, `False` | `bool`; numbers, as 1 and 0 |
//! | an integer | integers that can hold it; floats, converted |
//! | a float | floats |
//! | `None` | `unit` |
//! | a list | arrays whose elements each item fits, of the same number of dimensions |
//!
//! An empty list fits any array. Where the function has no annotations the literals decide: see
//! [`argument_types`].

use crate::error::{Error, Result, codes};
use frontend_py::ParamType;
use frontend_py::call::{CallSpec, Item, List, Literal};
use indexmap::IndexMap;
use rvsdg::{Arg, Array, Buffer, Elem, Function, Inputs, Scalar, Type};

/// Reads a call given on the command line.
///
/// # Errors
/// If the text is not a call with literal arguments: a misuse of the command.
pub fn parse_call(text: &str) -> Result<CallSpec> {
    frontend_py::call::parse_call(text).map_err(|error| Error::option("--call", text, error))
}

/// Reads a list of types given on the command line.
///
/// # Errors
/// If the text is not a list of types: a misuse of the command.
pub fn parse_types(text: &str) -> Result<Vec<ParamType>> {
    frontend_py::parse_types(text).map_err(|error| Error::option("--types", text, error))
}

/// The types that the arguments have by themselves: a list is an `f64` array if any item is a
/// float or if it is empty, else an `i64` array, or a `bool` array if all items are truth values.
///
/// # Errors
/// If an argument is `None`, which no parameter of a Python function can be.
pub fn argument_types(call: &CallSpec) -> Result<Vec<ParamType>> {
    call.args
        .iter()
        .map(|arg| match arg {
            Literal::Int(_) => Ok(ParamType::Scalar(Type::I64)),
            Literal::Float(_) => Ok(ParamType::Scalar(Type::F64)),
            Literal::Bool(_) => Ok(ParamType::Scalar(Type::Bool)),
            Literal::None => {
                Err(Error::input(codes::ARGUMENTS, "`None` cannot be passed as an argument"))
            }
            Literal::List(at) => {
                let list = &call.lists[*at];
                Ok(ParamType::Array { elem: own_elem(list), rank: list.shape.len() as u8 })
            }
        })
        .collect()
}

fn own_elem(list: &List) -> Elem {
    if list.items.is_empty() || list.items.iter().any(|item| matches!(item, Item::Float(_))) {
        Elem::F64
    } else if list.items.iter().all(|item| matches!(item, Item::Bool(_))) {
        Elem::Bool
    } else {
        Elem::I64
    }
}

/// Converts the arguments of a call to the types of a function's parameters.
///
/// # Errors
/// If their number or a type differs, naming the parameter.
pub fn bind(call: &CallSpec, function: &Function) -> Result<Inputs> {
    let (given, expected) = (call.args.len(), function.params.len());
    if given != expected {
        return Err(wrong_count(&function.name, expected, given));
    }
    let mut inputs = Inputs::default();
    // The array made from each list of the call, with the position and type of its first parameter.
    let mut made: Vec<Option<(usize, Type)>> = vec![None; call.lists.len()];
    for (arg, param) in call.args.iter().zip(&function.params) {
        let name = &*param.name;
        let bound = match (arg, param.ty) {
            (Literal::List(at), ty @ Type::MemRef { elem, rank, .. }) => match made[*at] {
                Some((array, first)) if first == ty => Arg::Array(array),
                Some((_, first)) => {
                    let message = format!(
                        "one list is passed both as {} and, for `{name}`, as {}",
                        type_text(first),
                        type_text(ty)
                    );
                    return Err(Error::input(codes::ARGUMENTS, message));
                }
                None => {
                    inputs.arrays.push(array(&call.lists[*at], elem, rank, name)?);
                    let array = inputs.arrays.len() - 1;
                    made[*at] = Some((array, ty));
                    Arg::Array(array)
                }
            },
            (literal, ty) => Arg::Scalar(scalar(*literal, ty, name)?),
        };
        inputs.args.push(bound);
    }
    Ok(inputs)
}

/// The error of a call with a wrong number of arguments.
pub fn wrong_count(function: &str, expected: usize, given: usize) -> Error {
    let verb = if given == 1 { "was" } else { "were" };
    let expected = crate::report::plural(expected, "argument");
    let message = format!("`{function}` takes {expected}, but {given} {verb} given");
    Error::input(codes::ARGUMENTS, message)
}

/// Checks that every number lies in the domain that was asserted for its parameter; for an array,
/// every element. NaN lies in no domain.
///
/// # Errors
/// If one lies outside, naming the parameter.
pub fn check_domains(
    function: &Function,
    inputs: &Inputs,
    domains: &IndexMap<String, (f64, f64)>,
) -> Result<()> {
    for (param, arg) in function.params.iter().zip(&inputs.args) {
        let Some((low, high)) = domains.get(&*param.name) else { continue };
        let values = match arg {
            Arg::Scalar(value) => vec![*value],
            Arg::Array(at) => {
                let array = &inputs.arrays[*at];
                (0..array.len()).filter_map(|item| array.get(item)).collect()
            }
        };
        let outside = values.into_iter().find(|value| !in_domain(*value, *low, *high));
        if let Some(value) = outside {
            let value = crate::PyValue::from(value);
            let message = format!(
                "the argument {value} for `{}` lies outside its domain {}..{}",
                param.name,
                crate::answer::float_text(*low),
                crate::answer::float_text(*high)
            );
            return Err(Error::input(codes::DOMAIN, message));
        }
    }
    Ok(())
}

fn in_domain(value: Scalar, low: f64, high: f64) -> bool {
    match value {
        Scalar::F64(value) => (low..=high).contains(&value),
        Scalar::F32(value) => (low..=high).contains(&f64::from(value)),
        // The nearest float decides for integers beyond 2^53; a domain's ends are floats too.
        Scalar::I64(value) => (low..=high).contains(&(value as f64)),
        Scalar::I32(value) => (low..=high).contains(&f64::from(value)),
        Scalar::Bool(_) | Scalar::Ctl(_) | Scalar::Unit => true,
    }
}

/// A function's name, parameters and result types in Python's notation.
pub fn signature_text(function: &Function) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|param| format!("{}: {}", param.name, type_text(param.ty)))
        .collect();
    let types = function.result_types();
    let result = shape_text(&function.shape, &mut types.iter());
    format!("{}({}) -> {result}", function.name, params.join(", "))
}

fn shape_text(shape: &rvsdg::Shape, types: &mut std::slice::Iter<'_, Type>) -> String {
    match shape {
        rvsdg::Shape::None => "None".to_owned(),
        rvsdg::Shape::Scalar => types.next().map_or("None".to_owned(), |ty| type_text(*ty)),
        rvsdg::Shape::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| shape_text(item, types)).collect();
            format!("tuple[{}]", items.join(", "))
        }
    }
}

/// A type in Python's notation.
pub fn type_text(ty: Type) -> String {
    match ty {
        Type::MemRef { elem, rank, .. } => format!("array[{elem}, {rank}]"),
        Type::Unit => "None".to_owned(),
        other => other.to_string(),
    }
}

fn scalar(literal: Literal, ty: Type, name: &str) -> Result<Scalar> {
    let item = match (literal, ty) {
        (Literal::None, Type::Unit) => return Ok(Scalar::Unit),
        (Literal::Int(value), _) => Item::Int(value),
        (Literal::Float(value), _) => Item::Float(value),
        (Literal::Bool(value), _) => Item::Bool(value),
        (Literal::None, _) => return Err(misfit("`None`", ty, name)),
        (Literal::List(_), _) => return Err(misfit("a list", ty, name)),
    };
    if let Type::MemRef { .. } = ty {
        return Err(misfit(&item_text(item), ty, name));
    }
    convert(item, ty, name)
}

fn convert(item: Item, ty: Type, name: &str) -> Result<Scalar> {
    let misfit = || misfit(&item_text(item), ty, name);
    Ok(match (item, ty) {
        (Item::Bool(value), Type::Bool) => Scalar::Bool(value),
        (Item::Bool(value), _) => convert(Item::Int(i64::from(value)), ty, name)?,
        (Item::Int(value), Type::I64) => Scalar::I64(value),
        (Item::Int(value), Type::I32) => Scalar::I32(i32::try_from(value).map_err(|_| misfit())?),
        (Item::Int(value), Type::F64) => Scalar::F64(value as f64),
        (Item::Int(value), Type::F32) => Scalar::F32(value as f32),
        (Item::Float(value), Type::F64) => Scalar::F64(value),
        (Item::Float(value), Type::F32) => Scalar::F32(value as f32),
        _ => return Err(misfit()),
    })
}

fn array(list: &List, elem: Elem, rank: u8, name: &str) -> Result<Array> {
    let shape = match (list.shape.as_slice(), rank) {
        ([rows], 2) if list.items.is_empty() => vec![*rows, 0],
        (shape, rank) if shape.len() == usize::from(rank) => shape.to_vec(),
        (shape, rank) => {
            let message = format!(
                "`{name}` takes an array of {}, but a list of {} was given",
                dimensions(usize::from(rank)),
                dimensions(shape.len())
            );
            return Err(Error::input(codes::ARGUMENTS, message));
        }
    };
    let mut array = Array { shape, data: zeros(elem, list.items.len()) };
    for (at, item) in list.items.iter().enumerate() {
        let value = convert(*item, elem.scalar(), name)?;
        let fits = array.set(at, value);
        debug_assert!(fits, "`convert` gives the element's type");
    }
    Ok(array)
}

/// Elements of value 0.
pub(crate) fn zeros(elem: Elem, len: usize) -> Buffer {
    match elem {
        Elem::F32 => Buffer::F32(vec![0.0; len]),
        Elem::F64 => Buffer::F64(vec![0.0; len]),
        Elem::I32 => Buffer::I32(vec![0; len]),
        Elem::I64 => Buffer::I64(vec![0; len]),
        Elem::Bool => Buffer::Bool(vec![false; len]),
    }
}

fn dimensions(rank: usize) -> &'static str {
    if rank == 1 { "1 dimension" } else { "2 dimensions" }
}

fn item_text(item: Item) -> String {
    match item {
        Item::Int(value) => format!("the integer {value}"),
        Item::Float(value) => format!("the float {}", crate::answer::float_text(value)),
        Item::Bool(value) => (if value { "`True`" } else { "`False`" }).to_owned(),
    }
}

fn misfit(given: &str, ty: Type, name: &str) -> Error {
    let message = format!("`{name}` is {}, but {given} was given", type_text(ty));
    Error::input(codes::ARGUMENTS, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rvsdg::{Param, Shape};

    const FLOATS: Type = Type::MemRef { elem: Elem::F64, rank: 1, mem: 0 };

    fn function(types: &[Type]) -> Function {
        let names = ["a", "b", "c"];
        let params =
            names.iter().zip(types).map(|(name, ty)| Param { name: (*name).into(), ty: *ty });
        Function::new("f", params.collect(), 3, Shape::None)
    }

    fn bound(types: &[Type], call: &str) -> std::result::Result<Inputs, String> {
        let call = parse_call(call).expect("a call");
        bind(&call, &function(types)).map_err(|error| error.message().to_owned())
    }

    fn one(ty: Type, literal: &str) -> std::result::Result<Scalar, String> {
        let inputs = bound(&[ty], &format!("f({literal})"))?;
        match inputs.args[0] {
            Arg::Scalar(scalar) => Ok(scalar),
            Arg::Array(_) => Err("an array".to_owned()),
        }
    }

    #[test]
    fn scalars_are_converted_where_no_value_is_lost() {
        assert_eq!(one(Type::F64, "2"), Ok(Scalar::F64(2.0)));
        assert_eq!(one(Type::F64, "True"), Ok(Scalar::F64(1.0)));
        assert_eq!(one(Type::F32, "0.1"), Ok(Scalar::F32(0.1)));
        assert_eq!(one(Type::I64, "False"), Ok(Scalar::I64(0)));
        assert_eq!(one(Type::I32, "-5"), Ok(Scalar::I32(-5)));
        assert_eq!(one(Type::Bool, "True"), Ok(Scalar::Bool(true)));
        for (ty, literal, message) in [
            (Type::I64, "2.0", "`a` is i64, but the float 2.0 was given"),
            (Type::I32, "2147483648", "`a` is i32, but the integer 2147483648 was given"),
            (Type::Bool, "1", "`a` is bool, but the integer 1 was given"),
            (Type::F64, "None", "`a` is f64, but `None` was given"),
            (Type::F64, "[1.0]", "`a` is f64, but a list was given"),
            (FLOATS, "1.0", "`a` is array[f64, 1], but the float 1.0 was given"),
        ] {
            assert_eq!(one(ty, literal), Err(message.to_owned()));
        }
    }

    #[test]
    fn lists_take_the_parameters_type() {
        assert_eq!(bound(&[FLOATS], "f([])").expect("empty").arrays, [Array::f64(vec![])]);
        let inputs = bound(&[FLOATS], "f([1, 2.5])").expect("converted");
        assert_eq!(inputs.arrays, [Array::f64(vec![1.0, 2.5])]);
        let matrix = Type::MemRef { elem: Elem::I64, rank: 2, mem: 1 };
        let inputs = bound(&[matrix], "f([[1, 2], [3, 4]])").expect("rows");
        assert_eq!(inputs.arrays[0].shape, [2, 2]);
        assert_eq!(bound(&[matrix], "f([])").expect("empty").arrays[0].shape, [0, 0]);
        assert_eq!(bound(&[matrix], "f([[], []])").expect("empty").arrays[0].shape, [2, 0]);
        let error = bound(&[matrix], "f([1])").expect_err("one dimension");
        assert_eq!(
            error,
            "`a` takes an array of 2 dimensions, but a list of 1 dimension was given"
        );
        let error = bound(&[matrix], "f([[1.5]])").expect_err("a float");
        assert_eq!(error, "`a` is i64, but the float 1.5 was given");
    }

    #[test]
    fn one_variable_is_one_array() {
        let inputs = bound(&[FLOATS, FLOATS], "v = [1.0]; f(v, v)").expect("aliased");
        assert_eq!(inputs.args, [Arg::Array(0), Arg::Array(0)]);
        assert_eq!(inputs.arrays.len(), 1);
        let inputs = bound(&[FLOATS, FLOATS], "f([1.0], [1.0])").expect("apart");
        assert_eq!(inputs.args, [Arg::Array(0), Arg::Array(1)]);
        let ints = Type::MemRef { elem: Elem::I64, rank: 1, mem: 1 };
        let error = bound(&[FLOATS, ints], "v = [1]; f(v, v)").expect_err("two types");
        assert!(error.starts_with("one list is passed both as array[f64, 1]"), "{error}");
    }

    #[test]
    fn the_number_of_arguments_must_fit() {
        let error = bound(&[Type::F64], "f()").expect_err("too few");
        assert_eq!(error, "`f` takes 1 argument, but 0 were given");
        let error = bound(&[], "f(1)").expect_err("too many");
        assert_eq!(error, "`f` takes 0 arguments, but 1 was given");
    }

    #[test]
    fn arguments_decide_types() {
        let types = |call: &str| {
            let call = parse_call(call).expect("a call");
            argument_types(&call)
                .map(|types| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        let found = types("f(1, 1.0, True, [], [1], [1, 2.0], [True], [[1]])").expect("types");
        assert_eq!(
            found,
            "i64 f64 bool array[f64, 1] array[i64, 1] array[f64, 1] array[bool, 1] array[i64, 2]"
        );
        assert!(types("f(None)").is_err());
    }

    #[test]
    fn domains_hold_for_every_number() {
        let f = function(&[Type::F64, Type::I64, FLOATS]);
        let domains = ["a", "b", "c"].map(|name| (name.to_owned(), (-1.0, 1.0)));
        let domains = IndexMap::from(domains);
        let check = |call: &str| {
            let inputs = bind(&parse_call(call).expect("a call"), &f).expect("arguments");
            check_domains(&f, &inputs, &domains).map_err(|error| error.message().to_owned())
        };
        assert_eq!(check("f(-1.0, 1, [0.0, 1.0])"), Ok(()));
        for bad in ["f(1.5, 0, [])", "f(nan, 0, [])", "f(0.0, 2, [])", "f(0.0, 0, [0.0, -inf])"] {
            assert!(check(bad).is_err(), "{bad}");
        }
        let message = check("f(1.5, 0, [])").expect_err("outside");
        assert_eq!(message, "the argument 1.5 for `a` lies outside its domain -1.0..1.0");
    }
}
