"""Queries and expressions: what stands here is all of Redshift's SQL that the twin takes. Pure.

Nothing is guessed and nothing translated: a word that the grammar has no place for is refused in the twin's own words.
Only what is certain (a reserved word as a name, an unknown first word) is called a syntax error, as Redshift does.
"""

from __future__ import annotations

from typing import Final

from local.redshift import tree
from local.redshift.columns import ColumnType
from local.redshift.errors import NotInTwinError, syntax_error
from local.redshift.tree import Expression
from local.redshift.words import REFUSED, Words
from suimon.contract.redshift_names import RESERVED_WORDS

_COMPARISONS: Final = frozenset({"=", "<>", "!=", "<", "<=", ">", ">="})
# The binary operators but comparisons, from the weakest to the strongest.
_LEVELS: Final = (("||",), ("+", "-"), ("*", "/", "%"))
# Not reserved in Redshift, but they end what stands before them.
_CLAUSES: Final = frozenset({"by", *REFUSED})
_DEEPEST: Final = 60


class Grammar(Words):
    """The grammar; every method reads one thing and stands behind it afterwards."""

    _depth = 0

    def query(self) -> tree.Query:
        """Read a SELECT."""
        self.expect("select")
        distinct = self.accept("distinct")
        if not distinct:
            self.accept("all")
        if self.peek().low in {"on", "top"}:
            raise NotInTwinError("TOP and DISTINCT ON", "ORDER BY … LIMIT")
        items = self.listed(self._item)
        sources = self.listed(self._source) if self.accept("from") else ()
        where = self.where()
        group = self.listed(self.expression) if self.accept("group", "by") else ()
        order = self.listed(self._order_key) if self.accept("order", "by") else ()
        limit = self.whole_number() if self.accept("limit") else None
        if limit is not None and self.peek().low == ",":
            raise syntax_error(",", self.peek().position)
        return tree.Query(items, sources, where, group, order, limit, distinct)

    def _item(self) -> tuple[Expression, str]:
        return (Expression("star"), "") if self.accept("*") else (self.expression(), self.alias())

    def alias(self) -> str:
        """Read a name behind AS, or without it; empty when there is none."""
        token = self.peek(1) if self.peek().low == "as" else self.peek()
        if token.low in RESERVED_WORDS and token is not self.peek():  # PostgreSQL takes one behind AS
            raise NotInTwinError(f"the reserved word {token.text} as a name", f'"{token.text}"')
        if self.accept("as"):
            return self.name()
        free = token.kind == "quoted" or (token.kind == "word" and token.low not in RESERVED_WORDS | _CLAUSES)
        return self.name() if free else ""

    def _order_key(self) -> tree.OrderKey:
        value = self.expression()
        return tree.OrderKey(value, self.accept("desc") or (self.accept("asc") and False))

    def where(self) -> Expression | None:
        """Read WHERE, if it stands next."""
        return self.expression() if self.accept("where") else None

    def _source(self) -> tree.Source:
        if self.peek().low == "(":
            query = self.within(self.query)
            alias = self.alias()
            if not alias:
                raise NotInTwinError("a subquery in FROM without a name", "(…) AS name")
            return tree.Source(query, alias)
        table = self.relation()
        if self.peek().low == "(":
            raise NotInTwinError(f"{table.name}(…) as a table")
        return tree.Source(table, self.alias() or table.name)

    # Expressions, from the weakest operator to the strongest.

    def expression(self) -> Expression:
        """Read an expression."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotInTwinError(f"an expression nested more than {_DEEPEST} deep")
        value = self._conjunction()
        while self.accept("or"):
            value = Expression("or", parts=(value, self._conjunction()))
        self._depth -= 1
        return value

    def _conjunction(self) -> Expression:
        value = self._negation()
        while self.accept("and"):
            value = Expression("and", parts=(value, self._negation()))
        return value

    def _negation(self) -> Expression:
        if self.accept("not"):
            return Expression("not", parts=(self._negation(),))
        value = self._comparison()
        while self.accept("is"):
            word = "is not null" if self.accept("not") else "is null"
            self.expect("null")
            value = Expression(word, parts=(value,))
        return value

    def _comparison(self) -> Expression:
        value = self._range()
        if (sign := self.peek().low) in _COMPARISONS:
            self.next_word()
            value = Expression("<>" if sign == "!=" else sign, parts=(value, self._range()))
            if self.peek().low in _COMPARISONS:
                raise self.refusal("two comparisons in a row")
        return value

    def _range(self) -> Expression:
        value = self._binary(0)
        negated = self.peek().low == "not" and self.accept("not")
        found: Expression
        if self.accept("in"):
            if self.peek().low == "(" and self.peek(1).low == ")":
                raise syntax_error(")", self.peek(1).position)
            if self.peek(1).low == "select":
                raise NotInTwinError("IN (SELECT …)", "FROM a, b WHERE …")
            found = Expression("in", parts=(value, *self.enclosed(self.expression)))
        elif negated:
            raise self.refusal("IN expected")
        else:
            return value
        return Expression("not", parts=(found,)) if negated else found

    def _binary(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self._sign()
        value = self._binary(level + 1)
        while (sign := self.peek().low) in _LEVELS[level]:
            self.next_word()
            value = Expression(sign, parts=(value, self._binary(level + 1)))
        return value

    def _sign(self) -> Expression:
        if self.accept("-"):
            return Expression("negative", parts=(self._sign(),))
        value = self._primary()
        while self.accept("::"):
            value = Expression("cast", parts=(value,), type=self.type())
        return value

    def _primary(self) -> Expression:  # noqa: C901, PLR0911, PLR0912 one line per beginning
        token = self.next_word()
        match token.kind:
            case "string":
                return Expression("string", token.value)
            case "number":
                return Expression("number", token.text)
            case "parameter":
                return Expression("parameter", token.text[1:])
        match token.low:
            case "(":
                self.back()
                if self.peek(1).low == "select":
                    return Expression("query", query=self.within(self.query))
                value, *others = self.enclosed(self.expression)
                if others:
                    raise NotInTwinError("a row of values", "a comparison of each")
                return value
            case "null":
                return Expression("null", "")
            case "true" | "false":
                return Expression("boolean", token.low)
            case "case":
                return self._case()
            case "cast":
                return self.within(self._cast)
            case "current_date" | "sysdate" if self.peek().low != "(":
                return Expression("call", token.low)
            case "date" | "timestamp" if self.peek().kind == "string":
                return Expression("cast", parts=(Expression("string", self.string()),), type=ColumnType(token.low))
            case "left" | "right" if self.peek().low == "(":
                raise NotInTwinError(f"the function {token.low}()")
        self.back()
        if token.low in REFUSED and (token.low in RESERVED_WORDS or self.peek(1).low == "(" or token.low == "interval"):
            raise self.refusal("")
        return self._named()

    def _named(self) -> Expression:
        name = self.name()
        if self.peek().low == "(":
            return self._call(name)
        if not self.accept("."):
            return Expression("column", name)
        if self.peek().low in RESERVED_WORDS:
            raise NotInTwinError(f"the reserved word {self.peek().text} as a name", f'"{self.peek().text}"')
        return Expression("column", self.name(), table=name)

    def _cast(self) -> Expression:
        value = self.expression()
        self.expect("as")
        return Expression("cast", parts=(value,), type=self.type())

    def _case(self) -> Expression:
        if self.peek().low != "when":
            raise NotInTwinError("CASE x WHEN …", "CASE WHEN x = … THEN …")
        parts = list[Expression]()
        while self.accept("when"):
            parts.append(self.expression())
            self.expect("then")
            parts.append(self.expression())
        parts.append(self.expression() if self.accept("else") else Expression("null"))
        self.expect("end")
        return Expression("case", parts=tuple(parts))

    def _call(self, name: str) -> Expression:
        self.expect("(")
        distinct = self.accept("distinct")
        parts: tuple[Expression, ...] = ()
        if not distinct and self.accept("*"):
            parts = (Expression("star"),)
        elif self.peek().low != ")":
            parts = self.listed(self.expression)
        self.expect(")")
        if self.peek().low in {"over", "within", "filter"}:
            raise self.refusal("")
        return Expression("call", name, parts, distinct=distinct)
