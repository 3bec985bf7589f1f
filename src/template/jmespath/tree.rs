//! The tree of an expression.

use crate::value::Value;

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// `@`, and the left side that an expression such as `[0]` leaves out.
    Current,
    Field(String),
    Literal(Value),
    Index(i128),
    Slice([Option<i128>; 3]),
    /// `a.b`, `a[0]`: the right side on the result of the left.
    Sub(Box<Node>, Box<Node>),
    Pipe(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Compare(Comparator, Box<Node>, Box<Node>),
    /// `a[*].b`: the right side on each item of the left.
    List(Box<Node>, Box<Node>),
    /// `a.*.b`: the right side on each value of a mapping.
    Values(Box<Node>, Box<Node>),
    /// `a[?c].b`: the same, on the items for which the condition holds.
    Filter {
        base: Box<Node>,
        then: Box<Node>,
        condition: Box<Node>,
    },
    /// `a[]`: lists in the list laid out one level.
    Flatten(Box<Node>),
    MultiList(Vec<Node>),
    MultiMap(Vec<(String, Node)>),
    Call {
        name: String,
        args: Vec<Node>,
    },
    /// `&expression`, an argument of a function.
    Reference(Box<Node>),
}
