"""SOQL text to tree. Covers what a sync reads with; subqueries and functions apart from aggregates are refused."""

from sandbox.emulators.salesforce.refusals import Refusal
from sandbox.emulators.salesforce.soql_tree import (
    Aggregate,
    Comparison,
    Condition,
    Constant,
    FieldRef,
    Item,
    Junction,
    Negation,
    Ordering,
    Select,
)
from sandbox.emulators.salesforce.soql_words import Word, cut, located, malformed

AGGREGATES = ("COUNT", "COUNT_DISTINCT", "SUM", "MIN", "MAX", "AVG")
MAX_OFFSET = 2000
_COMPARING = ("=", "!=", "<", "<=", ">", ">=")
_RESERVED = (
    "FROM",
    "WHERE",
    "GROUP",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "FOR",
    "WITH",
    "USING",
)


def parse(text: str) -> Select:
    """Refuses with MALFORMED_QUERY what is not SOQL, and OFFSET above 2000."""
    return _Parser(text).select()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._words = cut(text)
        self._at = 0

    # Moving through the words

    @property
    def _next(self) -> Word:
        return self._words[self._at]

    def _take(self) -> Word:
        word = self._next
        self._at += 1
        return word

    def _is(self, text: str, ahead: int = 0) -> bool:
        """Whether the next word (or one further on) is this keyword or sign."""
        word = self._words[min(self._at + ahead, len(self._words) - 1)]
        return word.kind in ("name", "sign") and word.text.upper() == text

    def _skip(self, *texts: str) -> bool:
        """Pass these words if all of them stand next."""
        if not all(self._is(text, ahead) for ahead, text in enumerate(texts)):
            return False
        self._at += len(texts)
        return True

    def _need(self, *texts: str) -> None:
        if not self._skip(*texts):
            raise self._unexpected()

    def _unexpected(self) -> Refusal:
        return malformed(self._text, self._next.position, f"unexpected token: {self._next}")

    def _name(self) -> Word:
        if self._next.kind != "name" or self._next.text.upper() in _RESERVED:
            raise self._unexpected()
        return self._take()

    # The clauses, in their order

    def select(self) -> Select:
        self._need("SELECT")
        items = [self._item()]
        while self._skip(","):
            items.append(self._item())
        self._need("FROM")
        kind = self._object()
        alias = self._alias()
        where = self._condition() if self._skip("WHERE") else None
        group_by = tuple(self._fields()) if self._skip("GROUP", "BY") else ()
        order_by = tuple(self._orderings()) if self._skip("ORDER", "BY") else ()
        limit = self._whole() if self._skip("LIMIT") else None
        offset = self._offset() if self._skip("OFFSET") else 0
        if self._next.kind != "end":
            raise self._unexpected()
        return Select(
            self._text, tuple(items), kind.text, kind.position, alias, where, group_by, order_by, limit, offset
        )

    def _object(self) -> Word:
        """Any name will do, because Order is an object as well as a word of the language."""
        if self._next.kind != "name":
            raise self._unexpected()
        return self._take()

    def _alias(self) -> str | None:
        if self._next.kind == "name" and self._next.text.upper() not in _RESERVED:
            return self._take().text
        return None

    def _item(self) -> Item:
        what = self._field_or_aggregate()
        return Item(what, self._alias())

    def _field_or_aggregate(self) -> FieldRef | Aggregate:
        name = self._name()
        if not self._skip("("):
            return FieldRef(name.text, name.position)
        if name.text.upper() not in AGGREGATES:
            raise malformed(self._text, name.position, f"unexpected token: {name}")
        argument = None if self._is(")") else self._field()
        self._need(")")
        if argument is None and name.text.upper() != "COUNT":
            raise malformed(self._text, name.position, f"{name.text} needs a field")
        return Aggregate(name.text.upper(), argument, name.position)

    def _field(self) -> FieldRef:
        name = self._name()
        return FieldRef(name.text, name.position)

    def _fields(self) -> list[FieldRef]:
        fields = [self._field()]
        while self._skip(","):
            fields.append(self._field())
        return fields

    def _orderings(self) -> list[Ordering]:
        orderings = [self._ordering()]
        while self._skip(","):
            orderings.append(self._ordering())
        return orderings

    def _ordering(self) -> Ordering:
        what = self._field_or_aggregate()
        descending = self._skip("DESC")
        if not descending:
            self._skip("ASC")
        nulls_last = self._skip("NULLS", "LAST")
        if not nulls_last:
            self._skip("NULLS", "FIRST")
        return Ordering(what, descending, nulls_last)

    def _whole(self) -> int:
        constant = self._next.constant
        if constant is None or type(constant.value) is not int or constant.value < 0:
            raise self._unexpected()
        self._take()
        return constant.value

    def _offset(self) -> int:
        position = self._next.position
        offset = self._whole()
        if offset > MAX_OFFSET:
            message = located(self._text, position, f"Maximum SOQL offset allowed is {MAX_OFFSET}")
            raise Refusal(400, "NUMBER_OUTSIDE_VALID_RANGE", message)
        return offset

    # Conditions

    def _condition(self) -> Condition:
        """AND and OR may not be mixed without parentheses: then the second kind of word is unexpected."""
        parts = [self._part()]
        word = next((word for word in ("AND", "OR") if self._is(word)), None)
        if word is None:
            return parts[0]
        while self._skip(word):
            parts.append(self._part())
        if self._is("AND") or self._is("OR"):
            raise self._unexpected()
        return Junction(word, tuple(parts))

    def _part(self) -> Condition:
        if self._skip("NOT"):
            return Negation(self._part())
        if self._skip("("):
            inner = self._condition()
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Comparison:
        field = self._field()
        if self._skip("NOT", "IN"):
            return Comparison(field, "NOT IN", self._list())
        if self._skip("IN"):
            return Comparison(field, "IN", self._list())
        if self._skip("LIKE"):
            return Comparison(field, "LIKE", (self._constant(),))
        if self._next.kind == "sign" and self._next.text in _COMPARING:
            operator = self._take().text
            return Comparison(field, operator, (self._constant(),))
        raise self._unexpected()

    def _list(self) -> tuple[Constant, ...]:
        self._need("(")
        values = [self._constant()]
        while self._skip(","):
            values.append(self._constant())
        self._need(")")
        return tuple(values)

    def _constant(self) -> Constant:
        constant = self._next.constant
        if constant is None:
            raise self._unexpected()
        self._take()
        return constant
