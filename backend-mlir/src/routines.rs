//! Functions that emitted modules carry for operations that are no single MLIR operation, and the
//! declarations of the C library's functions.
//!
//! Routines are printed on demand, with internal linkage: LLVM inlines them.

use rvsdg::{Op, Type};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A routine, for one width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Routine {
    /// Whether the caller asked running code to stop.
    Poll,
    /// [`Op::IFloorDiv`] on `i32` or `i64`.
    FloorDiv(Int),
    /// [`Op::IMod`].
    Mod(Int),
    /// [`Op::ITrueDiv`].
    TrueDiv(Int),
    /// [`Op::IPow`].
    Pow(Int),
    /// [`Op::IShl`].
    Shl(Int),
    /// [`Op::IShr`].
    Shr(Int),
    /// [`Op::FFloorDiv`] on `f32` or `f64`.
    FloatFloorDiv(Float),
    /// [`Op::FMod`].
    FloatMod(Float),
    /// CPython's `math.hypot` on `f64`.
    Hypot,
    /// [`Op::Cast`] from a float to an integer.
    ToInt(Float, Int),
}

/// An integer width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Int {
    I32,
    I64,
}

/// A float width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Float {
    F32,
    F64,
}

impl Int {
    fn name(self) -> &'static str {
        match self {
            Int::I32 => "i32",
            Int::I64 => "i64",
        }
    }

    fn bits(self) -> u32 {
        match self {
            Int::I32 => 32,
            Int::I64 => 64,
        }
    }
}

impl Float {
    fn name(self) -> &'static str {
        match self {
            Float::F32 => "f32",
            Float::F64 => "f64",
        }
    }
}

/// What the functions of a module need from it.
#[derive(Default)]
pub(crate) struct Shared {
    routines: BTreeSet<Routine>,
    library: BTreeMap<String, String>,
}

impl Shared {
    /// Asks for a routine.
    pub(crate) fn routine(&mut self, routine: Routine) {
        self.routines.insert(routine);
    }

    /// Asks for a function of the C library.
    pub(crate) fn library(&mut self, symbol: &str, signature: &str) {
        self.library.entry(symbol.to_owned()).or_insert_with(|| signature.to_owned());
    }

    /// Declarations and routines, sorted.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (symbol, signature) in &self.library {
            // Nobody looks at `errno`: without effects LLVM may merge equal calls. But it must not
            // replace one function by others (`pow(x, 2.0)` by a product has other last bits).
            let _ = writeln!(
                text,
                "func.func private @{symbol}{signature} \
                 attributes {{llvm.readnone, passthrough = [\"nobuiltin\"]}}"
            );
        }
        for routine in &self.routines {
            text.push_str(&routine.text());
        }
        text
    }
}

impl Routine {
    /// The routine of an operation on operands of a type, if it has one.
    pub(crate) fn for_op(op: Op, operand: Type) -> Option<Routine> {
        let int = match operand {
            Type::I32 => Some(Int::I32),
            Type::I64 => Some(Int::I64),
            _ => None,
        };
        let float = match operand {
            Type::F32 => Some(Float::F32),
            Type::F64 => Some(Float::F64),
            _ => None,
        };
        match op {
            Op::IFloorDiv => int.map(Routine::FloorDiv),
            Op::IMod => int.map(Routine::Mod),
            Op::ITrueDiv => int.map(Routine::TrueDiv),
            Op::IPow => int.map(Routine::Pow),
            Op::IShl => int.map(Routine::Shl),
            Op::IShr => int.map(Routine::Shr),
            Op::FFloorDiv => float.map(Routine::FloatFloorDiv),
            Op::FMod => float.map(Routine::FloatMod),
            Op::Cast(Type::I32) => float.map(|f| Routine::ToInt(f, Int::I32)),
            Op::Cast(Type::I64) => float.map(|f| Routine::ToInt(f, Int::I64)),
            _ => None,
        }
    }

    /// The routine's name.
    pub(crate) fn symbol(self) -> String {
        match self {
            Routine::Poll => "ovum_poll".to_owned(),
            Routine::FloorDiv(i) => format!("ovum_floordiv_{}", i.name()),
            Routine::Mod(i) => format!("ovum_mod_{}", i.name()),
            Routine::TrueDiv(i) => format!("ovum_truediv_{}", i.name()),
            Routine::Pow(i) => format!("ovum_pow_{}", i.name()),
            Routine::Shl(i) => format!("ovum_shl_{}", i.name()),
            Routine::Shr(i) => format!("ovum_shr_{}", i.name()),
            Routine::FloatFloorDiv(f) => format!("ovum_floordiv_{}", f.name()),
            Routine::FloatMod(f) => format!("ovum_mod_{}", f.name()),
            Routine::Hypot => "ovum_hypot_f64".to_owned(),
            Routine::ToInt(f, i) => format!("ovum_{}_to_{}", f.name(), i.name()),
        }
    }

    fn text(self) -> String {
        let (body, params, result) = match self {
            Routine::Poll => return POLL.to_owned(),
            Routine::FloorDiv(i) => (FLOORDIV.to_owned(), "%a: T, %b: T", i.name()),
            Routine::Mod(i) => (MOD.to_owned(), "%a: T, %b: T", i.name()),
            Routine::TrueDiv(Int::I32) => (TRUEDIV_I32.to_owned(), "%a: T, %b: T", "f64"),
            Routine::TrueDiv(Int::I64) => (TRUEDIV_I64.to_owned(), "%a: T, %b: T", "f64"),
            Routine::Pow(i) => (POW.to_owned(), "%a: T, %b: T", i.name()),
            Routine::Shl(i) => (SHL.to_owned(), "%a: T, %b: T", i.name()),
            Routine::Shr(i) => (SHR.to_owned(), "%a: T, %b: T", i.name()),
            Routine::FloatFloorDiv(f) => (FLOAT_FLOORDIV.to_owned(), "%a: T, %b: T", f.name()),
            Routine::FloatMod(f) => (FLOAT_MOD.to_owned(), "%a: T, %b: T", f.name()),
            Routine::Hypot => (crate::hypot::body(), "%a: T, %b: T", "f64"),
            Routine::ToInt(f, i) => (to_int(f, i), "%x: T", i.name()),
        };
        let (ty, width) = match self {
            Routine::FloorDiv(i)
            | Routine::Mod(i)
            | Routine::TrueDiv(i)
            | Routine::Pow(i)
            | Routine::Shl(i)
            | Routine::Shr(i) => (i.name(), i.bits()),
            Routine::FloatFloorDiv(f) | Routine::FloatMod(f) | Routine::ToInt(f, _) => {
                (f.name(), 0)
            }
            Routine::Hypot => ("f64", 0),
            Routine::Poll => ("", 0),
        };
        let fill = |text: &str| {
            text.replace("TYPES", &format!("{ty}, {ty}, {ty}"))
                .replace(": T", &format!(": {ty}"))
                .replace("WIDTH", &width.to_string())
        };
        format!(
            "func.func private @{}({}) -> {result} attributes \
             {{llvm.linkage = #llvm.linkage<internal>}} {{\n{}}}\n",
            self.symbol(),
            fill(params),
            fill(&body)
        )
    }
}

/// The load is volatile: the flag changes behind the compiler's back.
const POLL: &str = "\
llvm.mlir.global external @ovum_stop(0 : i32) : i32
func.func private @ovum_poll() -> i1 attributes {llvm.linkage = #llvm.linkage<internal>} {
  %flag = llvm.mlir.addressof @ovum_stop : !llvm.ptr
  %value = llvm.load volatile %flag : !llvm.ptr -> i32
  %zero = arith.constant 0 : i32
  %stop = arith.cmpi ne, %value, %zero : i32
  return %stop : i1
}
";

/// The most negative number by -1 is undefined in LLVM: divide by 1 and negate instead.
const FLOORDIV: &str = "  %zero = arith.constant 0 : T
  %one = arith.constant 1 : T
  %ones = arith.constant -1 : T
  %negate = arith.cmpi eq, %b, %ones : T
  %d = arith.select %negate, %one, %b : T
  %q = arith.divsi %a, %d : T
  %r = arith.remsi %a, %d : T
  %mixed = arith.xori %r, %d : T
  %opposite = arith.cmpi slt, %mixed, %zero : T
  %inexact = arith.cmpi ne, %r, %zero : T
  %adjust = arith.andi %opposite, %inexact : i1
  %lower = arith.subi %q, %one : T
  %floor = arith.select %adjust, %lower, %q : T
  %minus = arith.subi %zero, %a : T
  %result = arith.select %negate, %minus, %floor : T
  return %result : T
";

const MOD: &str = "  %zero = arith.constant 0 : T
  %one = arith.constant 1 : T
  %ones = arith.constant -1 : T
  %negate = arith.cmpi eq, %b, %ones : T
  %d = arith.select %negate, %one, %b : T
  %r = arith.remsi %a, %d : T
  %mixed = arith.xori %r, %d : T
  %opposite = arith.cmpi slt, %mixed, %zero : T
  %inexact = arith.cmpi ne, %r, %zero : T
  %adjust = arith.andi %opposite, %inexact : i1
  %moved = arith.addi %r, %d : T
  %result = arith.select %adjust, %moved, %r : T
  return %result : T
";

const TRUEDIV_I32: &str = "  %x = arith.sitofp %a : T to f64
  %y = arith.sitofp %b : T to f64
  %q = arith.divf %x, %y : f64
  return %q : f64
";

/// Both operands below 2^53 in magnitude, or one of them 0: binary64's division is exact enough.
/// Else 64 bits of the quotient of the normalised magnitudes by restoring division, the remainder
/// as a sticky bit, one rounding in the conversion, and an exact scaling.
const TRUEDIV_I64: &str = "  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c52 = arith.constant 52 : i64
  %c63 = arith.constant 63 : i64
  %bias = arith.constant 960 : i64
  %steps = arith.constant 64 : i64
  %limit = arith.constant 9007199254740992 : i64
  %no = arith.constant false
  %ua = math.absi %a : i64
  %ub = math.absi %b : i64
  %sa = arith.cmpi ule, %ua, %limit : i64
  %sb = arith.cmpi ule, %ub, %limit : i64
  %za = arith.cmpi eq, %a, %c0 : i64
  %zb = arith.cmpi eq, %b, %c0 : i64
  %small = arith.andi %sa, %sb : i1
  %zero = arith.ori %za, %zb : i1
  %easy = arith.ori %small, %zero : i1
  %result = scf.if %easy -> f64 {
    %x = arith.sitofp %a : i64 to f64
    %y = arith.sitofp %b : i64 to f64
    %q = arith.divf %x, %y : f64
    scf.yield %q : f64
  } else {
    %la = math.ctlz %ua : i64
    %lb = math.ctlz %ub : i64
    %n = arith.shli %ua, %la : i64
    %d = arith.shli %ub, %lb : i64
    %r:4 = scf.while (%i = %c0, %q = %c0, %rest = %n, %carry = %no)
        : (i64, i64, i64, i1) -> (i64, i64, i64, i1) {
      %fits = arith.cmpi uge, %rest, %d : i64
      %bit = arith.ori %carry, %fits : i1
      %less = arith.subi %rest, %d : i64
      %left = arith.select %bit, %less, %rest : i64
      %wide = arith.extui %bit : i1 to i64
      %q2 = arith.shli %q, %c1 : i64
      %q3 = arith.ori %q2, %wide : i64
      %carry2 = arith.cmpi slt, %left, %c0 : i64
      %rest2 = arith.shli %left, %c1 : i64
      %i2 = arith.addi %i, %c1 : i64
      %again = arith.cmpi slt, %i2, %steps : i64
      scf.condition(%again) %i2, %q3, %rest2, %carry2 : i64, i64, i64, i1
    } do {
    ^bb0(%i: i64, %q: i64, %rest: i64, %carry: i1):
      scf.yield %i, %q, %rest, %carry : i64, i64, i64, i1
    }
    %some = arith.cmpi ne, %r#2, %c0 : i64
    %inexact = arith.ori %some, %r#3 : i1
    %sticky = arith.extui %inexact : i1 to i64
    %bits = arith.ori %r#1, %sticky : i64
    %rounded = arith.uitofp %bits : i64 to f64
    %up = arith.addi %bias, %lb : i64
    %exponent = arith.subi %up, %la : i64
    %field = arith.shli %exponent, %c52 : i64
    %scale = arith.bitcast %field : i64 to f64
    %magnitude = arith.mulf %rounded, %scale : f64
    %minus = arith.negf %magnitude : f64
    %signs = arith.xori %a, %b : i64
    %negative = arith.cmpi slt, %signs, %c0 : i64
    %q = arith.select %negative, %minus, %magnitude : f64
    scf.yield %q : f64
  }
  return %result : f64
";

/// Square and multiply: the same as repeated multiplication modulo 2^WIDTH.
const POW: &str = "  %zero = arith.constant 0 : T
  %one = arith.constant 1 : T
  %negative = arith.cmpi slt, %b, %zero : T
  %start = arith.select %negative, %zero, %one : T
  %count = arith.select %negative, %zero, %b : T
  %r:3 = scf.while (%n = %count, %base = %a, %product = %start) : (TYPES) -> (TYPES) {
    %again = arith.cmpi ne, %n, %zero : T
    scf.condition(%again) %n, %base, %product : TYPES
  } do {
  ^bb0(%n: T, %base: T, %product: T):
    %low = arith.andi %n, %one : T
    %odd = arith.cmpi ne, %low, %zero : T
    %more = arith.muli %product, %base : T
    %product2 = arith.select %odd, %more, %product : T
    %base2 = arith.muli %base, %base : T
    %n2 = arith.shrui %n, %one : T
    scf.yield %n2, %base2, %product2 : TYPES
  }
  return %r#2 : T
";

const SHL: &str = "  %zero = arith.constant 0 : T
  %width = arith.constant WIDTH : T
  %inside = arith.cmpi ult, %b, %width : T
  %count = arith.select %inside, %b, %zero : T
  %shifted = arith.shli %a, %count : T
  %result = arith.select %inside, %shifted, %zero : T
  return %result : T
";

const SHR: &str = "  %zero = arith.constant 0 : T
  %one = arith.constant 1 : T
  %width = arith.constant WIDTH : T
  %last = arith.subi %width, %one : T
  %negative = arith.cmpi slt, %b, %zero : T
  %count = arith.minui %b, %last : T
  %shifted = arith.shrsi %a, %count : T
  %result = arith.select %negative, %zero, %shifted : T
  return %result : T
";

/// Source: `float_rem` in CPython's `Objects/floatobject.c`.
const FLOAT_MOD: &str = "  %zero = arith.constant 0.0 : T
  %r = arith.remf %a, %b : T
  %some = arith.cmpf une, %r, %zero : T
  %below = arith.cmpf olt, %b, %zero : T
  %under = arith.cmpf olt, %r, %zero : T
  %differ = arith.xori %below, %under : i1
  %moved = arith.addf %r, %b : T
  %mod = arith.select %differ, %moved, %r : T
  %signed = math.copysign %zero, %b : T
  %result = arith.select %some, %mod, %signed : T
  return %result : T
";

/// Source: `_float_div_mod` in CPython's `Objects/floatobject.c`; the IEEE quotient by zero.
const FLOAT_FLOORDIV: &str = "  %zero = arith.constant 0.0 : T
  %half = arith.constant 0.5 : T
  %one = arith.constant 1.0 : T
  %r = arith.remf %a, %b : T
  %exact = arith.subf %a, %r : T
  %div = arith.divf %exact, %b : T
  %some = arith.cmpf une, %r, %zero : T
  %below = arith.cmpf olt, %b, %zero : T
  %under = arith.cmpf olt, %r, %zero : T
  %differ = arith.xori %below, %under : i1
  %adjust = arith.andi %some, %differ : i1
  %lower = arith.subf %div, %one : T
  %quotient = arith.select %adjust, %lower, %div : T
  %down = math.floor %quotient : T
  %gap = arith.subf %quotient, %down : T
  %far = arith.cmpf ogt, %gap, %half : T
  %up = arith.addf %down, %one : T
  %near = arith.select %far, %up, %down : T
  %ieee = arith.divf %a, %b : T
  %signed = math.copysign %zero, %ieee : T
  %nonzero = arith.cmpf une, %quotient, %zero : T
  %floor = arith.select %nonzero, %near, %signed : T
  %by_zero = arith.cmpf oeq, %b, %zero : T
  %result = arith.select %by_zero, %ieee, %floor : T
  return %result : T
";

/// Out of range, the conversion itself is undefined: it is given 0 instead.
fn to_int(float: Float, int: Int) -> String {
    let (bound, low, high) = match int {
        Int::I32 => ("2147483648.0", i64::from(i32::MIN), i64::from(i32::MAX)),
        Int::I64 => ("9223372036854775808.0", i64::MIN, i64::MAX),
    };
    let (from, to) = (float.name(), int.name());
    format!(
        "  %zero = arith.constant 0.0 : {from}
  %bound = arith.constant {bound} : {from}
  %none = arith.constant 0 : {to}
  %low = arith.constant {low} : {to}
  %high = arith.constant {high} : {to}
  %magnitude = math.absf %x : {from}
  %inside = arith.cmpf olt, %magnitude, %bound : {from}
  %safe = arith.select %inside, %x, %zero : {from}
  %value = arith.fptosi %safe : {from} to {to}
  %below = arith.cmpf olt, %x, %zero : {from}
  %above = arith.cmpf ogt, %x, %zero : {from}
  %negative = arith.select %below, %low, %none : {to}
  %far = arith.select %above, %high, %negative : {to}
  %result = arith.select %inside, %value, %far : {to}
  return %result : {to}
"
    )
}
