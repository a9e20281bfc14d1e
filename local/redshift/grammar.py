"""Reading a statement: what stands here is all of Redshift's SQL that the twin takes. Pure.

Nothing is guessed and nothing translated: a word that the grammar has no place for is refused in the twin's own words.
Only what is certain (a reserved word as a name, an unknown first word) is called a syntax error, as Redshift does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from local.redshift import tree
from local.redshift.columns import ColumnType, declared_type
from local.redshift.errors import NotInTwinError, RedshiftError, syntax_error
from local.redshift.names import SCHEMA, Relation, folded
from local.redshift.tokens import Token
from suimon.contract.redshift_names import RESERVED_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")
_COMPARISONS: Final = frozenset({"=", "<>", "!=", "<", "<=", ">", ">="})
# Reserved words that are expressions of their own, which the twin has not.
_EXPRESSIONS: Final = frozenset({
    "current_time", "current_timestamp", "current_user", "current_user_id", "localtime", "localtimestamp",
    "session_user", "user",
})  # fmt: skip
# Not reserved in Redshift, but they end what stands before them.
_CLAUSES: Final = frozenset({"set", "values", "window", "qualify", "fetch", "inner", "by", "over"})
_DEEPEST: Final = 60


class Grammar:
    """The grammar over the words of one statement; every method reads one thing and stands behind it afterwards."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    # What stands next.

    def peek(self, ahead: int = 0) -> Token:
        """Return a word without going on; behind the last one an empty word."""
        place = self._at + ahead
        return self._tokens[place] if place < len(self._tokens) else Token("end", "", 0)

    def accept(self, *words: str) -> bool:
        """Go on behind `words` when they stand next."""
        if all(self.peek(ahead).low == word for ahead, word in enumerate(words)):
            self._at += len(words)
            return True
        return False

    def expect(self, *words: str) -> None:
        """Go on behind `words`, or refuse."""
        for word in words:
            if not self.accept(word):
                raise self.refusal(f"{word.upper()} expected")

    def next_word(self) -> Token:
        """Go on behind the next word, whatever it is."""
        self._at += 1
        return self._tokens[self._at - 1]

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.peek().kind != "end":
            raise self.refusal("the end expected")

    def refusal(self, why: str) -> RedshiftError:
        """Return the refusal of the next word."""
        token = self.peek()
        if token.kind == "end":
            return syntax_error("")
        return NotInTwinError(f'"{token.text[:40]}" at {token.position} ({why})')

    def name(self) -> str:
        """Read a name, delimited or not; a reserved word without quotes is none."""
        token = self.peek()
        if token.kind == "parameter":
            raise syntax_error("$1")  # a parameter is a value, never a name
        if token.kind == "quoted":
            self._at += 1
            return folded(token.value)
        if token.kind != "word":
            raise self.refusal("a name expected")
        if token.low in RESERVED_WORDS:
            raise syntax_error(token.text, token.position)
        self._at += 1
        return folded(token.text)

    def string(self) -> str:
        """Read a string literal."""
        token = self.peek()
        if token.kind == "parameter":
            raise syntax_error("$1", token.position)
        if token.kind != "string":
            raise self.refusal("a text expected")
        self._at += 1
        return token.value

    def whole_number(self) -> int:
        """Read a literal whole number."""
        token = self.peek()
        if token.kind != "number" or not token.text.isdigit():
            raise self.refusal("a whole number expected")
        self._at += 1
        return int(token.text)

    def listed(self, one: Callable[[], _T]) -> tuple[_T, ...]:
        """Read one or more, with commas between."""
        found = [one()]
        while self.accept(","):
            found.append(one())
        return tuple(found)

    def enclosed(self, one: Callable[[], _T]) -> tuple[_T, ...]:
        """Read one or more in parentheses."""
        self.expect("(")
        found = self.listed(one)
        self.expect(")")
        return found

    def relation(self) -> Relation:
        """Read the name of a table, maybe with its schema."""
        first = self.name()
        if not self.accept("."):
            return Relation(first)
        if first != SCHEMA:
            raise RedshiftError(f'schema "{first}" does not exist', f"the twin has {SCHEMA} and no system tables")
        return Relation(self.name(), qualified=True)

    def type(self) -> tuple[ColumnType, bool]:
        """Read a type; also whether a varchar was given a length."""
        token = self.next_word()
        if token.kind != "word":
            raise syntax_error(token.text, token.position)
        words = [token.low]
        for more in (("double", "precision"), ("character", "varying")):
            if words[0] == more[0] and self.accept(more[1]):
                words.append(more[1])
        if words[0] in {"timestamp", "time"} and self.peek().low in {"with", "without"}:
            words += [self.peek().low, "time", "zone"]
            self._at += 1
            self.expect("time", "zone")
        sizes: tuple[str, ...] = ()
        if self.peek().low == "(":
            sizes = self.enclosed(self._size)
        kind = declared_type(" ".join(words), sizes)
        return kind, bool(sizes) and kind.name == "varchar"

    def _size(self) -> str:
        return "max" if self.accept("max") else str(self.whole_number())

    # Queries.

    def query(self) -> tree.Query:
        """Read WITH …, SELECTs and set operations, ORDER BY, LIMIT, OFFSET."""
        ctes = self.listed(self._cte) if self.accept("with") else ()
        first = self._operand()
        parts, operator = [first], ""
        while found := self._set_operator():
            if operator and found != operator:
                raise NotInTwinError("different set operations in one query", "parentheses around one of them")
            operator = found
            parts.append(self._operand())
        order = self.listed(self._order_key) if self.accept("order", "by") else ()
        limit = self.whole_number() if self.accept("limit") else None
        if limit is not None and self.peek().low == ",":
            raise syntax_error(",", self.peek().position)
        offset = self.whole_number() if self.accept("offset") else None
        top = getattr(self, "_top", None)
        self._top = None
        if top is not None and (limit is not None or operator):
            raise NotInTwinError("TOP beside LIMIT or in a set operation", "LIMIT")
        return tree.Query(tuple(parts), operator, ctes, order, top if limit is None else limit, offset)

    _top: int | None = None

    def _cte(self) -> tuple[str, tree.Query]:
        name = self.name()
        self.expect("as", "(")
        query = self.query()
        self.expect(")")
        return name, query

    def _set_operator(self) -> str:
        for operator in ("union", "except", "minus", "intersect"):
            if self.accept(operator):
                every = self.accept("all")
                if every and operator != "union":
                    raise NotInTwinError(f"{operator.upper()} ALL", "Redshift has it for UNION only")
                return "union all" if every else "except" if operator == "minus" else operator
        return ""

    def _operand(self) -> tree.Select | tree.Query:
        if self.accept("("):
            query = self.query()
            self.expect(")")
            return query
        self.expect("select")
        return self._select()

    def _select(self) -> tree.Select:
        distinct = self.accept("distinct")
        if distinct and self.peek().low == "on":
            raise NotInTwinError("DISTINCT ON", "Redshift does not have it")
        if not distinct:
            self.accept("all")
        if self.accept("top"):
            self._top = self.whole_number()
        items = self.listed(self._item)
        if self.peek().low == "into":
            raise NotInTwinError("SELECT INTO", "CREATE TABLE … AS")
        sources = self.sources() if self.accept("from") else ()
        where = self.expression() if self.accept("where") else None
        group = self.listed(self.expression) if self.accept("group", "by") else ()
        having = self.expression() if self.accept("having") else None
        return tree.Select(items, sources, where, group, having, distinct)

    def _item(self) -> tree.Item:
        if self.accept("*"):
            return tree.Item(None)
        if self.peek().kind in {"word", "quoted"} and self.peek(1).low == "." and self.peek(2).low == "*":
            table = self.name()
            self.expect(".", "*")
            return tree.Item(None, star_of=table)
        value = self.expression()
        return tree.Item(value, self._alias())

    def _alias(self) -> str:
        if self.accept("as"):
            token = self.peek()
            if token.kind == "word" and token.low in RESERVED_WORDS:  # PostgreSQL takes one behind AS
                raise NotInTwinError(f"the reserved word {token.text} as a name", f'"{token.text}"')
            return self.name()
        token = self.peek()
        free = token.kind == "quoted" or (token.kind == "word" and token.low not in RESERVED_WORDS | _CLAUSES)
        return self.name() if free else ""

    def _order_key(self) -> tree.OrderKey:
        value = self.expression()
        descending = self.accept("desc") or (self.accept("asc") and False)
        nulls = None
        if self.accept("nulls"):
            nulls = self.accept("first")
            if not nulls:
                self.expect("last")
        return tree.OrderKey(value, descending, nulls)

    def sources(self) -> tuple[tree.Source, ...]:
        """Read what stands behind FROM or USING."""
        found = [self._source("cross")]
        while True:
            if self.accept(",") or self.accept("cross", "join"):
                found.append(self._source("cross"))
            elif (join := self._join()) is not None:
                source = self._source(join)
                found.append(self._condition(source))
            else:
                return tuple(found)

    def _join(self) -> str | None:
        if self.accept("join") or self.accept("inner", "join"):
            return "inner"
        for side in ("left", "right", "full"):
            if self.accept(side, "join") or self.accept(side, "outer", "join"):
                return side
        return None

    def _condition(self, source: tree.Source) -> tree.Source:
        if self.accept("on"):
            return tree.Source(source.relation, source.query, source.alias, source.join, self.expression())
        if self.accept("using"):
            return tree.Source(source.relation, source.query, source.alias, source.join, None, self.enclosed(self.name))
        raise self.refusal("a JOIN needs ON or USING; without a condition it is CROSS JOIN")

    def _source(self, join: str) -> tree.Source:
        if self.accept("("):
            query = self.query()
            self.expect(")")
            alias = self._alias()
            if not alias:
                raise NotInTwinError("a subquery in FROM without a name", "(…) AS name")
            return tree.Source(None, query, alias, join)
        relation = self.relation()
        if self.peek().low == "(":
            raise NotInTwinError(f"{relation.name}(…) as a table")
        return tree.Source(relation, None, self._alias() or relation.name, join)

    # Expressions, from the weakest operator to the strongest.

    def expression(self) -> tree.Expression:
        """Read an expression."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotInTwinError(f"an expression nested more than {_DEEPEST} deep")
        value = self._conjunction()
        while self.accept("or"):
            value = tree.Operation("or", (value, self._conjunction()))
        self._depth -= 1
        return value

    def _conjunction(self) -> tree.Expression:
        value = self._negation()
        while self.accept("and"):
            value = tree.Operation("and", (value, self._negation()))
        return value

    def _negation(self) -> tree.Expression:
        return tree.Operation("not", (self._negation(),)) if self.accept("not") else self._test()

    def _test(self) -> tree.Expression:
        value = self._comparison()
        while self.accept("is"):
            word = "is not null" if self.accept("not") else "is null"
            self.expect("null")
            value = tree.Operation(word, (value,))
        return value

    def _comparison(self) -> tree.Expression:
        value = self._range()
        if (sign := self.peek().low) in _COMPARISONS:
            self._at += 1
            value = tree.Operation("<>" if sign == "!=" else sign, (value, self._range()))
            if self.peek().low in _COMPARISONS:
                raise self.refusal("two comparisons in a row")
        return value

    def _range(self) -> tree.Expression:
        value = self._concatenation()
        negated = self.peek().low == "not" and self.peek(1).low in {"like", "ilike", "between", "in"}
        if negated:
            self._at += 1
        found: tree.Expression
        if self.accept("between"):
            low = self._concatenation()
            self.expect("and")
            found = tree.Operation("between", (value, low, self._concatenation()))
        elif self.peek().low in {"like", "ilike"}:
            word = self.peek().low
            self._at += 1
            pattern = self._concatenation()
            found = tree.Operation(word, (value, pattern), self.string() if self.accept("escape") else "\\")
        elif self.accept("in"):
            self.expect("(")
            if self.peek().low in {"select", "with"}:
                found = tree.Subquery(self.query(), "in", value)
            elif self.peek().low == ")":
                raise syntax_error(")", self.peek().position)
            else:
                found = tree.Operation("in", (value, *self.listed(self.expression)))
            self.expect(")")
        else:
            return value
        return tree.Operation("not", (found,)) if negated else found

    def _concatenation(self) -> tree.Expression:
        value = self._sum()
        while self.accept("||"):
            value = tree.Operation("||", (value, self._sum()))
        return value

    def _sum(self) -> tree.Expression:
        value = self._product()
        while (sign := self.peek().low) in {"+", "-"}:
            self._at += 1
            value = tree.Operation(sign, (value, self._product()))
        return value

    def _product(self) -> tree.Expression:
        value = self._sign()
        while (sign := self.peek().low) in {"*", "/", "%"}:
            self._at += 1
            value = tree.Operation(sign, (value, self._sign()))
        return value

    def _sign(self) -> tree.Expression:
        if self.accept("-"):
            return tree.Operation("negative", (self._sign(),))
        value = self._primary()
        while self.accept("::"):
            kind, bounded = self.type()
            value = tree.Cast(value, kind, bounded)
        return value

    def _primary(self) -> tree.Expression:  # noqa: C901, PLR0911, PLR0912 one line per beginning
        token = self.peek()
        self._at += 1
        match token.kind:
            case "string":
                return tree.Literal("string", token.value)
            case "number":
                return tree.Literal("number", token.text)
            case "parameter":
                return tree.Parameter(token.text[1:])
        match token.low:
            case "(":
                if self.peek().low in {"select", "with"}:
                    query = self.query()
                    self.expect(")")
                    return tree.Subquery(query)
                value = self.expression()
                if self.peek().low == ",":
                    raise NotInTwinError("a row of values", "a comparison of each")
                self.expect(")")
                return value
            case "null":
                return tree.Literal("null", "")
            case "true" | "false":
                return tree.Literal("boolean", token.low)
            case "case":
                return self._case()
            case "cast":
                self.expect("(")
                value = self.expression()
                self.expect("as")
                kind, bounded = self.type()
                self.expect(")")
                return tree.Cast(value, kind, bounded)
            case "exists":
                self.expect("(")
                query = self.query()
                self.expect(")")
                return tree.Subquery(query, "exists")
            case "interval":
                return self._interval()
            case "current_date" | "sysdate" if self.peek().low != "(":
                return tree.Call(token.low)
            case "date" | "timestamp" if self.peek().kind == "string":
                return tree.Cast(tree.Literal("string", self.string()), ColumnType(token.low), bounded=False)
            case "left" | "right" if self.peek().low == "(":
                return self._call(token.low)
        self._at -= 1
        if token.low in _EXPRESSIONS:
            raise NotInTwinError(f"{token.text.upper()}", "GETDATE() or SYSDATE")
        name = self.name()
        if self.peek().low == "(":
            return self._call(name)
        if not self.accept("."):
            return tree.Column(name)
        if self.peek().kind == "word" and self.peek().low in RESERVED_WORDS:
            raise NotInTwinError(f"the reserved word {self.peek().text} as a name", f'"{self.peek().text}"')
        return tree.Column(self.name(), name)

    def _case(self) -> tree.Expression:
        value = None if self.peek().low == "when" else self.expression()
        branches = []
        while self.accept("when"):
            condition = self.expression()
            self.expect("then")
            branches.append((condition, self.expression()))
        if not branches:
            raise self.refusal("WHEN expected")
        default = self.expression() if self.accept("else") else None
        self.expect("end")
        return tree.Case(value, tuple(branches), default)

    def _interval(self) -> tree.Expression:
        words = self.string().split()
        if len(words) == 1 and self.peek().kind == "word":
            words.append(self.name())
        if len(words) != 2 or not words[0].isdigit():  # noqa: PLR2004 a number and a unit
            raise NotInTwinError("this form of INTERVAL", "INTERVAL '1 day'")
        return tree.Interval(int(words[0]), words[1].lower().removesuffix("s"))

    def _call(self, name: str) -> tree.Expression:
        self.expect("(")
        if name == "extract":
            part = self.name()
            self.expect("from")
            arguments: tuple[tree.Expression, ...] = (tree.Column(part), self.expression())
            self.expect(")")
            return tree.Call(name, arguments)
        distinct = self.accept("distinct")
        star = not distinct and self.accept("*")
        arguments = () if star or self.peek().low == ")" else self.listed(self.expression)
        self.expect(")")
        within = None
        if self.accept("within", "group", "(", "order", "by"):
            within = self.listed(self._order_key)
            self.expect(")")
        if self.peek().low == "filter":
            raise NotInTwinError("FILTER", "Redshift does not have it; CASE within the function")
        return tree.Call(name, arguments, distinct, star, within, self._over() if self.accept("over") else None)

    def _over(self) -> tree.Over:
        self.expect("(")
        partition = self.listed(self.expression) if self.accept("partition", "by") else ()
        order = self.listed(self._order_key) if self.accept("order", "by") else ()
        frame = self._frame() if self.accept("rows") else ""
        self.expect(")")
        return tree.Over(partition, order, frame)

    def _frame(self) -> str:
        if not self.accept("between"):
            return f"rows {self._bound()}"
        first = self._bound()
        self.expect("and")
        return f"rows between {first} and {self._bound()}"

    def _bound(self) -> str:
        if self.accept("current", "row"):
            return "current row"
        size = "unbounded" if self.accept("unbounded") else str(self.whole_number())
        for side in ("preceding", "following"):
            if self.accept(side):
                return f"{size} {side}"
        raise self.refusal("PRECEDING or FOLLOWING expected")
