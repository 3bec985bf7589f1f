//! Expressions of minijinja's tree to ours.

use std::sync::Arc;

use minijinja::machinery::{Span, ast};
use minijinja::value::ValueKind;

use super::literal;
use super::lower::{Lowering, at};
use super::tree::{Arg, Args, Compare, Expr, ExprKind, Operator, Unknown};
use crate::template::fault::{At, Fault, Outcome};
use crate::template::{checks, filters};
use crate::value::Value;

impl Lowering<'_> {
    pub(super) fn expr(&mut self, expr: &ast::Expr<'_>) -> Outcome<Expr> {
        self.deeper(at(expr.span()), |this| this.expr_inner(expr))
    }

    fn boxed(&mut self, expr: &ast::Expr<'_>) -> Outcome<Box<Expr>> {
        self.expr(expr).map(Box::new)
    }

    fn exprs(&mut self, exprs: &[ast::Expr<'_>]) -> Outcome<Vec<Expr>> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr_inner(&mut self, expr: &ast::Expr<'_>) -> Outcome<Expr> {
        let span = expr.span();
        let kind = match expr {
            ast::Expr::Const(node) => ExprKind::Const(self.constant(&node.value, span)?),
            ast::Expr::Var(node) => {
                let name: Arc<str> = node.id.into();
                self.names.push(Arc::clone(&name));
                ExprKind::Name(name)
            }
            ast::Expr::GetAttr(node) => ExprKind::Attr(self.boxed(&node.expr)?, node.name.into()),
            ast::Expr::GetItem(node) => ExprKind::Index(self.boxed(&node.expr)?, self.boxed(&node.subscript_expr)?),
            ast::Expr::Slice(node) => {
                let mut part = |expr: &Option<ast::Expr<'_>>| expr.as_ref().map(|e| self.boxed(e)).transpose();
                let parts = [part(&node.start)?, part(&node.stop)?, part(&node.step)?];
                ExprKind::Slice(self.boxed(&node.expr)?, parts)
            }
            ast::Expr::UnaryOp(node) => match node.op {
                ast::UnaryOpKind::Not => ExprKind::Not(self.boxed(&node.expr)?),
                ast::UnaryOpKind::Neg => ExprKind::Negate(self.boxed(&node.expr)?),
            },
            ast::Expr::BinOp(node) => self.binary(node)?,
            ast::Expr::Compare(node) => ExprKind::Compare(
                self.boxed(&node.expr)?,
                node.ops.iter().map(|op| Ok((comparison(op.op), self.expr(&op.expr)?))).collect::<Outcome<_>>()?,
            ),
            ast::Expr::IfExpr(node) => ExprKind::If {
                test: self.boxed(&node.test_expr)?,
                then: self.under_condition(|this| this.boxed(&node.true_expr))?,
                otherwise: node
                    .false_expr
                    .as_ref()
                    .map(|expr| self.under_condition(|this| this.boxed(expr)))
                    .transpose()?,
            },
            ast::Expr::Filter(node) => {
                let subject = node.expr.as_ref().map(|expr| self.boxed(expr)).transpose()?;
                let filter = self.known("filter", node.name, span, filters::find(node.name), filters::names);
                ExprKind::Filter { filter, subject, args: self.args(&node.args)? }
            }
            ast::Expr::Test(node) => {
                let subject = self.boxed(&node.expr)?;
                let check = self.known("test", node.name, span, checks::find(node.name), checks::names);
                ExprKind::Check { check, subject, args: self.args(&node.args)? }
            }
            ast::Expr::Call(node) => return self.call(&node.expr, &node.args, span),
            ast::Expr::List(node) => ExprKind::List(self.exprs(&node.items)?),
            ast::Expr::Tuple(node) => ExprKind::Tuple(self.exprs(&node.items)?),
            ast::Expr::Map(node) => ExprKind::Map(
                node.keys
                    .iter()
                    .zip(&node.values)
                    .map(|(key, value)| Ok((self.expr(key)?, self.expr(value)?)))
                    .collect::<Outcome<_>>()?,
            ),
        };
        Ok(Expr { kind, at: at(span) })
    }

    pub(super) fn call(&mut self, callee: &ast::Expr<'_>, args: &[ast::CallArg<'_>], span: Span) -> Outcome<Expr> {
        let callee = self.boxed(callee)?;
        Ok(Expr { kind: ExprKind::Call { callee, args: self.args(args)? }, at: at(span) })
    }

    fn args(&mut self, args: &[ast::CallArg<'_>]) -> Outcome<Args> {
        args.iter()
            .map(|arg| {
                Ok(match arg {
                    ast::CallArg::Pos(expr) => Arg::Positional(self.expr(expr)?),
                    ast::CallArg::Kwarg(name, expr) => Arg::Keyword((*name).into(), self.expr(expr)?),
                    ast::CallArg::PosSplat(expr) => Arg::Splat(self.expr(expr)?),
                    ast::CallArg::KwargSplat(expr) => Arg::KeywordSplat(self.expr(expr)?),
                })
            })
            .collect()
    }

    fn binary(&mut self, node: &ast::BinOp<'_>) -> Outcome<ExprKind> {
        let operator = match node.op {
            ast::BinOpKind::Add => Operator::Add,
            ast::BinOpKind::Sub => Operator::Sub,
            ast::BinOpKind::Mul => Operator::Mul,
            ast::BinOpKind::Div => Operator::Div,
            ast::BinOpKind::FloorDiv => Operator::FloorDiv,
            ast::BinOpKind::Rem => Operator::Rem,
            ast::BinOpKind::Pow => Operator::Pow,
            ast::BinOpKind::Concat => Operator::Concat,
            other => {
                let (left, right) = (self.boxed(&node.left)?, self.expr(&node.right)?);
                let compare = match other {
                    ast::BinOpKind::ScAnd => return Ok(ExprKind::And(left, Box::new(right))),
                    ast::BinOpKind::ScOr => return Ok(ExprKind::Or(left, Box::new(right))),
                    ast::BinOpKind::Ne => Compare::Ne,
                    ast::BinOpKind::Lt => Compare::Lt,
                    ast::BinOpKind::Lte => Compare::Le,
                    ast::BinOpKind::Gt => Compare::Gt,
                    ast::BinOpKind::Gte => Compare::Ge,
                    ast::BinOpKind::In => Compare::In,
                    _ => Compare::Eq,
                };
                return Ok(ExprKind::Compare(left, vec![(compare, right)]));
            }
        };
        Ok(ExprKind::Binary(operator, self.boxed(&node.left)?, self.boxed(&node.right)?))
    }

    /// A literal: strings are read again from the text, as Python has them.
    fn constant(&self, value: &minijinja::Value, span: Span) -> Outcome<Value> {
        Ok(match value.kind() {
            ValueKind::Bool => Value::Bool(value.is_true()),
            ValueKind::Number => {
                if value.is_integer() {
                    let number = i128::try_from(value.clone())
                        .map_err(|_| Fault::new("integers of more than 127 bits are not supported").at(at(span)))?;
                    Value::Int(number)
                } else {
                    Value::Float(f64::try_from(value.clone()).unwrap_or(f64::NAN))
                }
            }
            ValueKind::String => {
                let written = self.source.get(span.start_offset as usize..span.end_offset as usize).unwrap_or("");
                Value::data(literal::decode(written, self.raw()))
            }
            _ => Value::Null,
        })
    }

    fn known<T>(
        &mut self,
        what: &str,
        name: &str,
        span: Span,
        found: Option<&'static T>,
        names: fn() -> Vec<&'static str>,
    ) -> Result<&'static T, Box<Unknown>> {
        found.ok_or_else(|| {
            let short = name.strip_prefix("ansible.builtin.").unwrap_or(name);
            let unknown = Unknown {
                message: format!("there is no {what} `{name}`"),
                help: filters::note_on_missing(what, name).or_else(|| crate::diag::did_you_mean(short, names())),
                at: self.name_place(name, at(span)),
                conditional: self.conditions > 0,
            };
            self.unknown.push(unknown.clone());
            Box::new(unknown)
        })
    }

    /// The place of a filter's or test's name: the last time it stands in the expression.
    fn name_place(&self, name: &str, whole: At) -> At {
        let text = self.source.get(whole.start as usize..whole.end as usize).unwrap_or("");
        match text.rfind(name).and_then(|offset| u32::try_from(offset).ok()) {
            Some(offset) => {
                let start = whole.start + offset;
                At { start, end: start + u32::try_from(name.len()).unwrap_or(0) }
            }
            None => whole,
        }
    }
}

fn comparison(op: ast::CompareOpKind) -> Compare {
    match op {
        ast::CompareOpKind::Eq => Compare::Eq,
        ast::CompareOpKind::Ne => Compare::Ne,
        ast::CompareOpKind::Lt => Compare::Lt,
        ast::CompareOpKind::Lte => Compare::Le,
        ast::CompareOpKind::Gt => Compare::Gt,
        ast::CompareOpKind::Gte => Compare::Ge,
        ast::CompareOpKind::In => Compare::In,
        ast::CompareOpKind::NotIn => Compare::NotIn,
    }
}
