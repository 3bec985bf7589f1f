//! Statements of minijinja's tree to ours.

use std::sync::Arc;

use minijinja::machinery::{Span, ast};

use super::tree::{Block, Expr, ForLoop, Macro, Stmt, Target, Unknown};
use crate::template::fault::{At, Fault, Outcome};

/// Deeper trees would exhaust the stack of the evaluator.
const DEEPEST: usize = 150;

/// The state of one lowering.
pub(super) struct Lowering<'s> {
    /// The text as it was written.
    pub(super) source: &'s str,
    /// What the parser saw, byte for byte as long.
    masked: &'s str,
    raw_literals: bool,
    /// Whether the expression at hand stands in `{{ }}`.
    in_output: bool,
    depth: usize,
    /// How many conditions of the template stand around what is at hand.
    pub(super) conditions: usize,
    pub(super) blocks: Vec<Arc<Block>>,
    pub(super) unknown: Vec<Unknown>,
    /// Names read so far, for a macro's `varargs` and `kwargs`.
    pub(super) names: Vec<Arc<str>>,
}

impl<'s> Lowering<'s> {
    pub(super) fn new(source: &'s str, masked: &'s str, raw_literals: bool) -> Self {
        Self {
            source,
            masked,
            raw_literals,
            in_output: false,
            depth: 0,
            conditions: 0,
            blocks: Vec::new(),
            unknown: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Whether a literal here keeps its backslashes.
    pub(super) fn raw(&self) -> bool {
        self.raw_literals && self.in_output
    }

    pub(super) fn deeper<T>(&mut self, at: At, lower: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        if self.depth >= DEEPEST {
            return Err(Fault::new("the expression is too long or nested too deeply").at(at));
        }
        self.depth += 1;
        let result = lower(self);
        self.depth -= 1;
        result
    }

    pub(super) fn under_condition<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> T {
        self.conditions += 1;
        let result = lower(self);
        self.conditions -= 1;
        result
    }

    pub(super) fn body(&mut self, stmts: &[ast::Stmt<'_>]) -> Outcome<Vec<Stmt>> {
        stmts.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    /// The original of a stretch of raw text.
    fn raw_text(&self, raw: &str) -> Arc<str> {
        let start = (raw.as_ptr() as usize).wrapping_sub(self.masked.as_ptr() as usize);
        self.source.get(start..start.saturating_add(raw.len())).unwrap_or(raw).into()
    }

    pub(super) fn stmt(&mut self, stmt: &ast::Stmt<'_>) -> Outcome<Stmt> {
        self.deeper(At { start: 0, end: 0 }, |this| this.stmt_inner(stmt))
    }

    fn stmt_inner(&mut self, stmt: &ast::Stmt<'_>) -> Outcome<Stmt> {
        Ok(match stmt {
            ast::Stmt::Template(template) => Stmt::Group(self.body(&template.children)?),
            ast::Stmt::EmitRaw(raw) => Stmt::Raw(self.raw_text(raw.raw)),
            ast::Stmt::EmitExpr(emit) => {
                self.in_output = true;
                let expr = self.expr(&emit.expr);
                self.in_output = false;
                Stmt::Emit(expr?)
            }
            ast::Stmt::ForLoop(node) => Stmt::For(Arc::new(ForLoop {
                target: self.target(&node.target)?,
                iter: self.expr(&node.iter)?,
                filter: node.filter_expr.as_ref().map(|expr| self.expr(expr)).transpose()?,
                recursive: node.recursive,
                body: self.body(&node.body)?,
                otherwise: self.body(&node.else_body)?,
            })),
            ast::Stmt::IfCond(node) => Stmt::If {
                test: self.expr(&node.expr)?,
                then: self.under_condition(|this| this.body(&node.true_body))?,
                otherwise: self.under_condition(|this| this.body(&node.false_body))?,
            },
            ast::Stmt::WithBlock(node) => Stmt::With {
                assignments: node
                    .assignments
                    .iter()
                    .map(|(target, expr)| Ok((self.target(target)?, self.expr(expr)?)))
                    .collect::<Outcome<_>>()?,
                body: self.body(&node.body)?,
            },
            ast::Stmt::Set(node) => Stmt::Set { target: self.target(&node.target)?, value: self.expr(&node.expr)? },
            ast::Stmt::SetBlock(node) => Stmt::SetBlock {
                target: self.target(&node.target)?,
                filter: node.filter.as_ref().map(|expr| self.expr(expr)).transpose()?,
                body: self.body(&node.body)?,
            },
            ast::Stmt::AutoEscape(node) => Stmt::Group(self.body(&node.body)?),
            ast::Stmt::FilterBlock(node) => {
                Stmt::FilterBlock { filter: self.expr(&node.filter)?, body: self.body(&node.body)? }
            }
            ast::Stmt::Block(node) => {
                let block =
                    Arc::new(Block { name: node.name.into(), required: node.required, body: self.body(&node.body)? });
                self.blocks.push(Arc::clone(&block));
                Stmt::Block(block)
            }
            ast::Stmt::Extends(node) => Stmt::Extends(self.expr(&node.name)?),
            ast::Stmt::Include(node) => {
                Stmt::Include { name: self.expr(&node.name)?, ignore_missing: node.ignore_missing }
            }
            ast::Stmt::Import(node) => {
                Stmt::Import { name: self.expr(&node.expr)?, target: name_of(&node.name, node.span())? }
            }
            ast::Stmt::FromImport(node) => Stmt::FromImport {
                name: self.expr(&node.expr)?,
                names: node
                    .names
                    .iter()
                    .map(|(name, alias)| {
                        let name = name_of(name, node.span())?;
                        let alias = alias.as_ref().map(|alias| name_of(alias, node.span())).transpose()?;
                        Ok((Arc::clone(&name), alias.unwrap_or(name)))
                    })
                    .collect::<Outcome<_>>()?,
                at: at(node.span()),
            },
            ast::Stmt::Macro(node) => Stmt::Macro(self.macro_decl(node)?),
            ast::Stmt::CallBlock(node) => Stmt::Call {
                call: self.call(&node.call.expr, &node.call.args, node.call.span())?,
                body: self.macro_decl(&node.macro_decl)?,
            },
            ast::Stmt::Do(node) => {
                let help = "write `{% set _ = … %}` instead; Ansible has no `do` either".to_owned();
                return Err(Fault::new("template syntax: there is no tag `do`").help(Some(help)).at(at(node.span())));
            }
        })
    }

    fn macro_decl(&mut self, node: &ast::Macro<'_>) -> Outcome<Arc<Macro>> {
        let outer = std::mem::take(&mut self.names);
        let args = node.args.iter().map(|arg| name_of(arg, arg.span())).collect::<Outcome<Vec<_>>>()?;
        let defaults = node.defaults.iter().map(|expr| self.expr(expr)).collect::<Outcome<Vec<Expr>>>()?;
        let body = self.body(&node.body)?;
        let inner = std::mem::replace(&mut self.names, outer);
        let names = |name: &str| inner.iter().any(|n| &**n == name);
        let (uses_varargs, uses_kwargs) = (names("varargs"), names("kwargs"));
        self.names.extend(inner);
        Ok(Arc::new(Macro { name: node.name.into(), args, defaults, body, uses_varargs, uses_kwargs }))
    }

    #[expect(clippy::self_only_used_in_recursion, reason = "one of the lowering's functions")]
    fn target(&mut self, expr: &ast::Expr<'_>) -> Outcome<Target> {
        Ok(match expr {
            ast::Expr::Var(var) => Target::Name(var.id.into()),
            ast::Expr::GetAttr(node) => match &node.expr {
                ast::Expr::Var(var) => Target::Attr(var.id.into(), node.name.into(), at(node.span())),
                _ => {
                    return Err(
                        Fault::new("template syntax: only a namespace's own names can be set").at(at(expr.span()))
                    );
                }
            },
            ast::Expr::List(list) => {
                Target::Tuple(list.items.iter().map(|item| self.target(item)).collect::<Outcome<_>>()?, at(list.span()))
            }
            other => return Err(Fault::new("template syntax: this cannot be assigned to").at(at(other.span()))),
        })
    }
}

fn name_of(expr: &ast::Expr<'_>, span: Span) -> Outcome<Arc<str>> {
    match expr {
        ast::Expr::Var(var) => Ok(var.id.into()),
        _ => Err(Fault::new("template syntax: a name is needed here").at(at(span))),
    }
}

pub(super) fn at(span: Span) -> At {
    At { start: span.start_offset, end: span.end_offset.max(span.start_offset) }
}
