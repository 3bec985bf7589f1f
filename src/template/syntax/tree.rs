//! The tree that the evaluator walks.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::template::checks::Check;
use crate::template::fault::At;
use crate::template::filters::Filter;
use crate::value::Value;

/// A template ready to run.
pub(crate) struct Compiled {
    /// The text as it was written.
    pub(crate) text: Arc<str>,
    /// The file it came from, where it did.
    pub(crate) file: Option<Arc<str>>,
    /// How it was read; what it includes is read the same way.
    pub(crate) dialect: super::Dialect,
    pub(crate) body: Vec<Stmt>,
    pub(crate) blocks: IndexMap<Arc<str>, Arc<Block>>,
    /// Filters and tests that do not exist: an error only where they are reached, but the static check reports them.
    pub(crate) unknown: Vec<Unknown>,
}

/// A filter or test that does not exist.
#[derive(Clone, Debug)]
pub(crate) struct Unknown {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) at: At,
    /// Whether it stands under a condition of the template, so that it may never be reached.
    pub(crate) conditional: bool,
}

pub(crate) enum Stmt {
    Raw(Arc<str>),
    Emit(Expr),
    For(Arc<ForLoop>),
    If {
        test: Expr,
        then: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    With {
        assignments: Vec<(Target, Expr)>,
        body: Vec<Stmt>,
    },
    Set {
        target: Target,
        value: Expr,
    },
    SetBlock {
        target: Target,
        filter: Option<Expr>,
        body: Vec<Stmt>,
    },
    FilterBlock {
        filter: Expr,
        body: Vec<Stmt>,
    },
    /// `autoescape`, which changes nothing here.
    Group(Vec<Stmt>),
    Block(Arc<Block>),
    Extends(Expr),
    Include {
        name: Expr,
        ignore_missing: bool,
    },
    Import {
        name: Expr,
        target: Arc<str>,
    },
    FromImport {
        name: Expr,
        names: Vec<(Arc<str>, Arc<str>)>,
        at: At,
    },
    Macro(Arc<Macro>),
    Call {
        call: Expr,
        body: Arc<Macro>,
    },
}

pub(crate) struct ForLoop {
    pub(crate) target: Target,
    pub(crate) iter: Expr,
    pub(crate) filter: Option<Expr>,
    pub(crate) recursive: bool,
    pub(crate) body: Vec<Stmt>,
    pub(crate) otherwise: Vec<Stmt>,
}

pub(crate) struct Block {
    pub(crate) name: Arc<str>,
    pub(crate) required: bool,
    pub(crate) body: Vec<Stmt>,
}

pub(crate) struct Macro {
    pub(crate) name: Arc<str>,
    pub(crate) args: Vec<Arc<str>>,
    /// For the last of the arguments.
    pub(crate) defaults: Vec<Expr>,
    pub(crate) body: Vec<Stmt>,
    /// Whether the body names `varargs`, `kwargs` or `caller`, without which surplus arguments are an error.
    pub(crate) uses_varargs: bool,
    pub(crate) uses_kwargs: bool,
}

/// What is assigned to.
pub(crate) enum Target {
    Name(Arc<str>),
    /// `ns.name`.
    Attr(Arc<str>, Arc<str>, At),
    Tuple(Vec<Target>, At),
}

/// An expression and where it stands.
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) at: At,
}

pub(crate) enum ExprKind {
    Const(Value),
    Name(Arc<str>),
    Attr(Box<Expr>, Arc<str>),
    Index(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, [Option<Box<Expr>>; 3]),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Compare(Box<Expr>, Vec<(Compare, Expr)>),
    If {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
    /// The subject is missing only in a `filter` block, where it is the block's text.
    Filter {
        filter: Result<&'static Filter, Box<Unknown>>,
        subject: Option<Box<Expr>>,
        args: Args,
    },
    Check {
        check: Result<&'static Check, Box<Unknown>>,
        subject: Box<Expr>,
        args: Args,
    },
    Call {
        callee: Box<Expr>,
        args: Args,
    },
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Sub,
    Mul,
    Div,
    FloorDiv,
    Rem,
    Pow,
    Concat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}

pub(crate) type Args = Vec<Arg>;

pub(crate) enum Arg {
    Positional(Expr),
    Keyword(Arc<str>, Expr),
    Splat(Expr),
    KeywordSplat(Expr),
}
