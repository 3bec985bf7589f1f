//! Things that live only inside a template.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::item::Item;
use crate::template::functions::Function;
use crate::template::syntax::{Compiled, ForLoop, Macro};

/// Something that is not a value and cannot leave the template.
pub(crate) enum Object {
    /// `namespace()`.
    Namespace(RefCell<IndexMap<Arc<str>, Item>>),
    /// `loop`.
    Loop(LoopState),
    /// A macro, or the `caller` of a `call` block.
    Macro(MacroFn),
    /// An imported template.
    Module(Module),
    /// `cycler()`.
    Cycler(Cycler),
    /// `joiner()`: the separator, and whether it was used before.
    Joiner(Arc<str>, Cell<bool>),
    /// `range()`.
    Range(i128, i128, i128),
    /// `now()` and `to_datetime`.
    DateTime(DateTime),
    /// The difference of two of them.
    Delta(SignedDuration),
    /// `str.encode()`.
    Bytes(Vec<u8>),
    /// A function such as `range`.
    Function(&'static Function),
    /// A method taken from its object without being called.
    Method(BoundMethod),
    /// `hostvars`.
    HostVars,
    /// `hostvars[name]`.
    Host(Arc<str>),
    /// `vars`.
    Vars,
    /// `self` in a template with blocks.
    SelfBlocks,
}

/// The state of one `for` loop.
pub(crate) struct LoopState {
    pub(crate) index: Cell<usize>,
    pub(crate) items: Rc<Vec<Item>>,
    pub(crate) depth: usize,
    pub(crate) changed: RefCell<Option<Vec<Item>>>,
    /// The loop itself, where it may be called again with the children of an item.
    pub(crate) recursive: Option<Arc<ForLoop>>,
}

/// A macro with what it could see where it was defined.
pub(crate) struct MacroFn {
    pub(crate) decl: Arc<Macro>,
    /// The text that it is part of.
    pub(crate) program: Arc<Compiled>,
    /// The local variables around the definition, without the template's top level.
    pub(crate) closure: Vec<IndexMap<Arc<str>, Item>>,
    /// The top level of the template that it was imported from.
    pub(crate) home: Option<Rc<IndexMap<Arc<str>, Item>>>,
    /// The block of the `call` statement, which the macro knows as `caller`.
    pub(crate) is_caller: bool,
}

/// What an imported template defines at its top level.
pub(crate) struct Module {
    pub(crate) names: IndexMap<Arc<str>, Item>,
}

/// The state of `cycler()`.
pub(crate) struct Cycler {
    pub(crate) items: Vec<Item>,
    pub(crate) position: Cell<usize>,
}

/// `x.upper` without a call.
pub(crate) struct BoundMethod {
    pub(crate) receiver: Item,
    pub(crate) name: Arc<str>,
}

impl Object {
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Namespace(_) => "Namespace",
            Self::Loop(_) => "LoopContext",
            Self::Macro(_) => "Macro",
            Self::Module(_) => "TemplateModule",
            Self::Cycler(_) => "Cycler",
            Self::Joiner(..) => "Joiner",
            Self::Range(..) => "range",
            Self::DateTime(_) => "datetime",
            Self::Delta(_) => "timedelta",
            Self::Bytes(_) => "bytes",
            Self::Function(_) => "function",
            Self::Method(_) => "method",
            Self::HostVars => "HostVars",
            Self::Host(_) => "HostVarsVars",
            Self::Vars => "dict",
            Self::SelfBlocks => "TemplateReference",
        }
    }

    pub(crate) fn is_callable(&self) -> bool {
        matches!(self, Self::Macro(_) | Self::Function(_) | Self::Method(_) | Self::Joiner(..) | Self::Loop(_))
    }
}
