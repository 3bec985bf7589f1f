//! Tokens to a tree: operators by their binding power.

use super::lexer::{Token, bad, tokens};
use super::tree::{Comparator, Node};
use crate::template::fault::{Fault, Outcome};

/// Expressions within expressions, beyond which a text is no query.
const DEEPEST: usize = 64;

/// What binds less than this ends a projection.
const PROJECTION_ENDS: u8 = 10;

/// Reads an expression.
pub(super) fn parse(text: &str) -> Outcome<Node> {
    let mut parser = Parser { tokens: tokens(text)?, position: 0, depth: 0 };
    let node = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(node),
        _ => Err(parser.unexpected("the expression is over")),
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    position: usize,
    depth: usize,
}

fn binding(token: &Token) -> u8 {
    match token {
        Token::Mark(mark) => match *mark {
            "|" => 1,
            "||" => 2,
            "&&" => 3,
            "==" | "!=" | "<" | "<=" | ">" | ">=" => 5,
            "[]" => 9,
            "*" => 20,
            "[?" => 21,
            "." => 40,
            "!" => 45,
            "{" => 50,
            "[" => 55,
            "(" => 60,
            _ => 0,
        },
        _ => 0,
    }
}

fn boxed(node: Node) -> Box<Node> {
    Box::new(node)
}

impl Parser {
    fn peek(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, by: usize) -> &Token {
        self.tokens.get(self.position + by).map_or(&Token::End, |(token, _)| token)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.position += 1;
        token
    }

    fn unexpected(&self, what: &str) -> Fault {
        let at = self.tokens.get(self.position).or(self.tokens.last()).map_or(0, |(_, at)| *at);
        bad(at, what)
    }

    fn is(&self, mark: &str) -> bool {
        matches!(self.peek(), Token::Mark(found) if *found == mark)
    }

    fn accept(&mut self, mark: &str) -> bool {
        let found = self.is(mark);
        self.position += usize::from(found);
        found
    }

    fn expect(&mut self, mark: &str) -> Outcome<()> {
        if self.accept(mark) { Ok(()) } else { Err(self.unexpected(&format!("`{mark}` is needed"))) }
    }

    fn expression(&mut self, power: u8) -> Outcome<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.unexpected("the expression is nested too deep"));
        }
        let mut left = self.prefix()?;
        while power < binding(self.peek()) {
            left = self.infix(left)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// What an expression begins with.
    fn prefix(&mut self) -> Outcome<Node> {
        let before = self.position;
        match self.next() {
            Token::Literal(value) => Ok(Node::Literal(value)),
            Token::Name(name) => Ok(Node::Field(name)),
            Token::Quoted(name) => {
                if self.is("(") {
                    return Err(self.unexpected("a function's name stands without quotes"));
                }
                Ok(Node::Field(name))
            }
            Token::Mark("*") => {
                let then = if self.is("]") { Node::Current } else { self.projected(20)? };
                Ok(Node::Values(boxed(Node::Current), boxed(then)))
            }
            Token::Mark("[?") => self.filter(Node::Current),
            Token::Mark("[]") => self.flatten(Node::Current),
            Token::Mark("@") => Ok(Node::Current),
            Token::Mark("!") => Ok(Node::Not(boxed(self.expression(45)?))),
            Token::Mark("&") => Ok(Node::Reference(boxed(self.expression(0)?))),
            Token::Mark("(") => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Mark("{") => self.multi_map(),
            Token::Mark("[") => match (self.peek(), self.ahead(1)) {
                (Token::Number(_) | Token::Mark(":"), _) => {
                    let index = self.index()?;
                    self.sliced(Node::Current, index)
                }
                (Token::Mark("*"), Token::Mark("]")) => {
                    self.position += 2;
                    let then = self.projected(20)?;
                    Ok(Node::List(boxed(Node::Current), boxed(then)))
                }
                _ => self.multi_list(),
            },
            _ => {
                self.position = before;
                Err(self.unexpected("an expression is needed"))
            }
        }
    }

    /// What goes on after a left side.
    fn infix(&mut self, left: Node) -> Outcome<Node> {
        let Token::Mark(mark) = self.next() else { return Err(self.unexpected("an operator is needed")) };
        match mark {
            "." => {
                if self.accept("*") {
                    let then = self.projected(20)?;
                    return Ok(Node::Values(boxed(left), boxed(then)));
                }
                Ok(Node::Sub(boxed(left), boxed(self.after_dot(40)?)))
            }
            "|" => Ok(Node::Pipe(boxed(left), boxed(self.expression(1)?))),
            "||" => Ok(Node::Or(boxed(left), boxed(self.expression(2)?))),
            "&&" => Ok(Node::And(boxed(left), boxed(self.expression(3)?))),
            "==" | "!=" | "<" | "<=" | ">" | ">=" => {
                let comparator = match mark {
                    "==" => Comparator::Eq,
                    "!=" => Comparator::Ne,
                    "<" => Comparator::Lt,
                    "<=" => Comparator::Le,
                    ">" => Comparator::Gt,
                    _ => Comparator::Ge,
                };
                Ok(Node::Compare(comparator, boxed(left), boxed(self.expression(5)?)))
            }
            "(" => {
                let Node::Field(name) = left else {
                    return Err(self.unexpected("a function's name stands before its arguments"));
                };
                let mut args = Vec::new();
                while !self.accept(")") {
                    args.push(self.expression(0)?);
                    if !self.accept(",") {
                        self.expect(")")?;
                        break;
                    }
                }
                Ok(Node::Call { name, args })
            }
            "[?" => self.filter(left),
            "[]" => self.flatten(left),
            "[" => match self.peek() {
                Token::Number(_) | Token::Mark(":") => {
                    let index = self.index()?;
                    self.sliced(left, index)
                }
                _ => {
                    self.expect("*")?;
                    self.expect("]")?;
                    let then = self.projected(20)?;
                    Ok(Node::List(boxed(left), boxed(then)))
                }
            },
            _ => {
                self.position -= 1;
                Err(self.unexpected(&format!("`{mark}` does not belong here")))
            }
        }
    }

    fn filter(&mut self, left: Node) -> Outcome<Node> {
        let condition = boxed(self.expression(0)?);
        self.expect("]")?;
        let then = if self.is("[]") { Node::Current } else { self.projected(21)? };
        Ok(Node::Filter { base: boxed(left), then: boxed(then), condition })
    }

    fn flatten(&mut self, left: Node) -> Outcome<Node> {
        let then = self.projected(9)?;
        Ok(Node::List(boxed(Node::Flatten(boxed(left))), boxed(then)))
    }

    /// A slice goes on as a projection, an index does not.
    fn sliced(&mut self, left: Node, index: Node) -> Outcome<Node> {
        let slice = matches!(index, Node::Slice(_));
        let indexed = Node::Sub(boxed(left), boxed(index));
        if !slice {
            return Ok(indexed);
        }
        let then = self.projected(20)?;
        Ok(Node::List(boxed(indexed), boxed(then)))
    }

    /// `0]`, `1:2]`, `::-1]`.
    fn index(&mut self) -> Outcome<Node> {
        if let (Token::Number(number), Token::Mark("]")) = (self.peek(), self.ahead(1)) {
            let node = Node::Index(*number);
            self.position += 2;
            return Ok(node);
        }
        let mut parts = [None, None, None];
        let mut part = 0;
        loop {
            match self.next() {
                Token::Mark("]") => return Ok(Node::Slice(parts)),
                Token::Mark(":") if part < 2 => part += 1,
                Token::Number(number) => match parts.get_mut(part) {
                    Some(slot @ None) => *slot = Some(number),
                    _ => return Err(self.unexpected("a slice is `start:stop:step`")),
                },
                _ => return Err(self.unexpected("a slice is `start:stop:step`")),
            }
        }
    }

    /// What is done with each item of a projection.
    fn projected(&mut self, power: u8) -> Outcome<Node> {
        if binding(self.peek()) < PROJECTION_ENDS {
            return Ok(Node::Current);
        }
        match self.peek() {
            Token::Mark("[" | "[?") => self.expression(power),
            Token::Mark(".") => {
                self.position += 1;
                self.after_dot(power)
            }
            _ => Err(self.unexpected("`.` or `[` is needed")),
        }
    }

    fn after_dot(&mut self, power: u8) -> Outcome<Node> {
        match self.peek() {
            Token::Name(_) | Token::Quoted(_) | Token::Mark("*") => self.expression(power),
            Token::Mark("[") => {
                self.position += 1;
                self.multi_list()
            }
            Token::Mark("{") => {
                self.position += 1;
                self.multi_map()
            }
            _ => Err(self.unexpected("a name, `*`, `[` or `{` is needed after `.`")),
        }
    }

    fn multi_list(&mut self) -> Outcome<Node> {
        let mut nodes = Vec::new();
        loop {
            nodes.push(self.expression(0)?);
            if self.accept("]") {
                return Ok(Node::MultiList(nodes));
            }
            self.expect(",")?;
        }
    }

    fn multi_map(&mut self) -> Outcome<Node> {
        let mut entries = Vec::new();
        loop {
            let (Token::Name(name) | Token::Quoted(name)) = self.next() else {
                self.position -= 1;
                return Err(self.unexpected("a key is needed"));
            };
            self.expect(":")?;
            entries.push((name, self.expression(0)?));
            if self.accept("}") {
                return Ok(Node::MultiMap(entries));
            }
            self.expect(",")?;
        }
    }
}
