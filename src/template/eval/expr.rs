//! Expressions.

use std::cmp::Ordering;

use indexmap::IndexMap;

use super::args::Args;
use super::compare::{contains, equal, order};
use super::operators;
use super::run::Run;
use crate::template::checks::Check;
use crate::template::fault::{Fault, Outcome};
use crate::template::filters::{Filter, Takes};
use crate::template::item::{Item, Missing};
use crate::template::syntax::{self, Arg, Compare, Expr, ExprKind, Unknown};
use crate::value::Value;

impl Run<'_, '_> {
    /// The value of an expression. What does not exist is a value of its own; only its use is an error.
    pub(super) fn eval(&mut self, expr: &Expr) -> Outcome {
        match self.eval_kind(&expr.kind) {
            Err(fault) => Err(fault.at(expr.at)),
            Ok(Item::Missing(missing)) => Ok(match std::rc::Rc::try_unwrap(missing) {
                Ok(Missing { fault, quiet }) => {
                    Item::Missing(std::rc::Rc::new(Missing { fault: fault.at(expr.at), quiet }))
                }
                Err(shared) => Item::Missing(shared),
            }),
            item => item,
        }
    }

    fn eval_kind(&mut self, kind: &ExprKind) -> Outcome {
        match kind {
            ExprKind::Const(value) => Ok(Item::Value(value.clone())),
            ExprKind::Name(name) => self.name(name),
            ExprKind::Attr(inner, name) => {
                let item = self.eval(inner)?;
                self.attr(&item, name)
            }
            ExprKind::Index(inner, key) => {
                let item = self.eval(inner)?;
                let key = self.eval(key)?;
                self.item(&item, &key)
            }
            ExprKind::Slice(inner, parts) => {
                let item = self.eval(inner)?;
                let mut bounds = [None, None, None];
                for (bound, part) in bounds.iter_mut().zip(parts) {
                    *bound = part.as_ref().map(|expr| self.eval(expr)).transpose()?;
                }
                operators::slice(self, &item, bounds)
            }
            ExprKind::Not(inner) => Ok(Item::from(!self.holds(inner)?)),
            ExprKind::Negate(inner) => {
                let item = self.eval(inner)?.present()?;
                operators::negate(&item)
            }
            ExprKind::Binary(operator, left, right) => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                operators::binary(self, *operator, &left.present()?, &right.present()?)
            }
            ExprKind::And(left, right) => {
                let item = self.eval(left)?;
                if self.truthy(&item)? { self.eval(right) } else { Ok(item) }
            }
            ExprKind::Or(left, right) => {
                let item = self.eval(left)?;
                if self.truthy(&item)? { Ok(item) } else { self.eval(right) }
            }
            ExprKind::Compare(left, rest) => self.compare(left, rest),
            ExprKind::If { test, then, otherwise } => {
                if self.holds(test)? {
                    return self.eval(then);
                }
                match otherwise {
                    Some(otherwise) => self.eval(otherwise),
                    None => Ok(Item::Missing(std::rc::Rc::new(Missing {
                        fault: Fault::new("the condition of an `if` expression is false and it has no `else`"),
                        quiet: true,
                    }))),
                }
            }
            ExprKind::Filter { filter, subject, args } => {
                let subject = match subject {
                    Some(subject) => self.eval(subject)?,
                    None => return Err(Fault::new("template syntax: a filter needs something before it")),
                };
                self.apply_filter(filter, subject, args)
            }
            ExprKind::Check { check, subject, args } => {
                let subject = self.eval(subject)?;
                let check = known(check)?;
                let args = self.args(args)?;
                self.check(check, subject, args)
            }
            ExprKind::Call { callee, args } => self.call_expr(callee, args, None),
            ExprKind::List(exprs) => Ok(Item::list(self.all(exprs)?)),
            ExprKind::Tuple(exprs) => Ok(Item::tuple(self.all(exprs)?)),
            ExprKind::Map(pairs) => {
                let mut map = IndexMap::with_capacity(pairs.len());
                for (key, value) in pairs {
                    let key = self.eval(key)?;
                    let key = self.key(&key)?;
                    map.insert(key, self.eval(value)?);
                }
                Ok(Item::map(map))
            }
        }
    }

    fn all(&mut self, exprs: &[Expr]) -> Outcome<Vec<Item>> {
        exprs.iter().map(|expr| self.eval(expr)).collect()
    }

    fn compare(&mut self, left: &Expr, rest: &[(Compare, Expr)]) -> Outcome {
        let mut left = self.eval(left)?;
        for (operator, right) in rest {
            let right = self.eval(right)?;
            let m = self.machine;
            let holds = match operator {
                Compare::Eq => equal(m, &left, &right)?,
                Compare::Ne => !equal(m, &left, &right)?,
                Compare::Lt => order(m, &left, &right, "<")? == Ordering::Less,
                Compare::Le => order(m, &left, &right, "<=")? != Ordering::Greater,
                Compare::Gt => order(m, &left, &right, ">")? == Ordering::Greater,
                Compare::Ge => order(m, &left, &right, ">=")? != Ordering::Less,
                Compare::In => contains(m, &right, &left)?,
                Compare::NotIn => !contains(m, &right, &left)?,
            };
            if !holds {
                return Ok(Item::from(false));
            }
            left = right;
        }
        Ok(Item::from(true))
    }

    /// Evaluates arguments.
    pub(super) fn args(&mut self, args: &[Arg]) -> Outcome<Args> {
        let mut out = Args::default();
        for arg in args {
            match arg {
                Arg::Positional(expr) => out.positional.push(self.eval(expr)?),
                Arg::Keyword(name, expr) => out.named.push((std::sync::Arc::clone(name), self.eval(expr)?)),
                Arg::Splat(expr) => {
                    let item = self.eval(expr)?;
                    out.positional.extend(self.iterate(&item)?);
                }
                Arg::KeywordSplat(expr) => {
                    let item = self.eval(expr)?;
                    let Some(entries) = self.entries(&item)? else {
                        return Err(Fault::new("argument after ** must be a mapping").at(expr.at));
                    };
                    for (key, value) in entries {
                        out.named.push((key.to_string().into(), value));
                    }
                }
            }
        }
        Ok(out)
    }

    pub(super) fn apply_filter(
        &mut self,
        filter: &Result<&'static Filter, Box<Unknown>>,
        subject: Item,
        args: &[syntax::Arg],
    ) -> Outcome {
        let filter = known(filter)?;
        let args = self.args(args)?;
        self.filter(filter, subject, args)
    }

    /// Runs a filter.
    pub(crate) fn filter(&mut self, filter: &'static Filter, subject: Item, args: Args) -> Outcome {
        if filter.takes != Takes::Missing {
            if subject.is_missing() {
                return Ok(subject);
            }
            if let Some(missing) = args.missing() {
                return Ok(missing.clone());
            }
        }
        let within = |fault: Fault| {
            if fault.is_undefined() { fault } else { fault.within(format_args!("filter `{}`", filter.name)) }
        };
        if filter.takes == Takes::Kept || filter.takes == Takes::Missing {
            return (filter.run)(self, &subject, args).map_err(within);
        }
        self.tainted(&subject, args, |run, args| (filter.run)(run, &subject, args)).map_err(within)
    }

    /// Runs a test.
    pub(crate) fn check(&mut self, check: &'static Check, subject: Item, args: Args) -> Outcome {
        if !check.takes_missing {
            if subject.is_missing() {
                return Ok(subject);
            }
            if let Some(missing) = args.missing() {
                return Ok(missing.clone());
            }
        }
        let holds = (check.run)(self, &subject, args).map_err(|fault| {
            if fault.is_undefined() { fault } else { fault.within(format_args!("test `{}`", check.name)) }
        })?;
        Ok(Item::Value(Value::Bool(holds)))
    }

    /// Runs something whose result is secret if any of its operands is.
    pub(super) fn tainted(
        &mut self,
        subject: &Item,
        args: Args,
        run: impl FnOnce(&mut Self, Args) -> Outcome,
    ) -> Outcome {
        let machine = self.machine;
        let (item, secret) = machine.watched(|| {
            machine.touch_item(subject);
            args.iter().for_each(|item| machine.touch_item(item));
            run(self, args)
        })?;
        Ok(if secret { machine.taint(item) } else { item })
    }
}

fn known<T>(found: &Result<&'static T, Box<Unknown>>) -> Outcome<&'static T> {
    match found {
        Ok(found) => Ok(found),
        Err(unknown) => Err(Fault::new(unknown.message.clone()).help(unknown.help.clone()).at(unknown.at)),
    }
}
