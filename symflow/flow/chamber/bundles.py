"""Named tuples of arrays in compiled code: one address instead of all their arrays.

numba hands a named tuple over field by field, and an array as seven numbers or more. The state of a chamber flow is a
hundred arrays; with a thousand arguments to every function the compiler took minutes. A bundle is a block on the stack
of the outermost call, with the arrays one behind the other, and what is handed on is where it lies.

The block does not change while compiled code runs, and the loads from it say so; else every write to an array might
have changed where another one lies, and no loop could keep that in a register. An array in a bundle is borrowed, from a
caller who keeps the named tuple: it is not counted, in lean functions or others.
"""

from __future__ import annotations

import hashlib
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.imputils import impl_ret_borrowed, lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import NativeValue, models, register_model, typeof_impl, unbox

ADDRESS = ir.IntType(8).as_pointer()


class BundleType(types.Type):
    """The type of a named tuple of arrays, or of such named tuples."""

    def __init__(self, kind: type, fields: tuple[types.Type, ...]) -> None:
        self.kind, self.fields = kind, fields
        self.names: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]  # of a named tuple
        super().__init__(f"{kind.__name__}({', '.join(map(str, fields))})")

    @property
    def key(self) -> tuple[type, tuple[types.Type, ...]]:
        """What makes two of them one."""
        return self.kind, self.fields

    @property
    def mangling_args(self) -> tuple[str, tuple[()]]:
        """A short name for the linker, another one for other arrays."""
        return f"{self.kind.__name__}{hashlib.sha256(self.name.encode()).hexdigest()[:12]}", ()


def take_as_bundle(kind: type) -> None:
    """Let compiled functions take this class of named tuples as bundles."""

    @typeof_impl.register(kind)
    def of(value: Any, context: Any) -> BundleType:
        return BundleType(kind, tuple(_field_type(typeof_impl(field, context)) for field in value))


def _field_type(field: types.Type) -> types.Type:
    """Arrays that may not be written like those that may: else all would be compiled once more for them.

    That nothing writes to them shows where the same functions run interpreted.
    """
    return field.copy(readonly=False) if isinstance(field, types.Array) else field


@register_model(BundleType)
class BundleModel(models.PrimitiveModel):
    """An address."""

    def __init__(self, manager: Any, kind: BundleType) -> None:
        super().__init__(manager, kind, ADDRESS)


def _block_type(context: Any, kind: BundleType) -> ir.LiteralStructType:
    return ir.LiteralStructType([context.get_value_type(field) for field in kind.fields])


@unbox(BundleType)
def unbox_bundle(kind: BundleType, value: Any, c: Any) -> NativeValue:
    """Lay the arrays one behind the other."""
    block = cgutils.alloca_once(c.builder, _block_type(c.context, kind))
    wrong = cgutils.alloca_once_value(c.builder, cgutils.false_bit)
    for place, field in enumerate(kind.fields):
        item = c.pyapi.tuple_getitem(value, place)  # borrowed
        room = cgutils.gep_inbounds(c.builder, block, 0, place)
        if isinstance(field, BundleType):
            native = c.unbox(field, item)
            c.builder.store(native.value, room)
            failed = native.is_error
        else:
            failed = _borrow_array(c, item, c.builder.bitcast(room, ADDRESS))
        c.builder.store(c.builder.or_(failed, c.builder.load(wrong)), wrong)
    address = c.builder.bitcast(block, ADDRESS)
    # What comes out of here may be anything, for the compiler: loads that call the block unchanged stay behind it.
    hidden = c.builder.asm(ir.FunctionType(ADDRESS, [ADDRESS]), "", "=r,0,~{memory}", [address], side_effect=True)
    return NativeValue(hidden, is_error=c.builder.load(wrong))


def _borrow_array(c: Any, array: Any, room: Any) -> Any:
    """Write where an array lies, and how large it is, without becoming one of its owners; true if it is none."""
    adapt = cgutils.get_or_insert_function(
        c.builder.module, ir.FunctionType(ir.IntType(32), [c.pyapi.pyobj, ADDRESS]), "numba_adapt_ndarray"
    )
    return cgutils.is_not_null(c.builder, c.builder.call(adapt, [array, room]))


@infer_getattr
class BundleAttributes(AttributeTemplate):
    """The fields by name."""

    key = BundleType

    def generic_resolve(self, value: BundleType, attr: str) -> types.Type | None:  # type: ignore[override]  # numba has no type
        """The type of a field."""
        return value.fields[value.names.index(attr)] if attr in value.names else None


@lower_getattr_generic(BundleType)
def load_field(context: Any, builder: Any, kind: BundleType, address: Any, name: str) -> Any:
    """The array, or the address of the bundle in the bundle."""
    place = kind.names.index(name)
    field = kind.fields[place]
    block = builder.bitcast(address, _block_type(context, kind).as_pointer())
    room = cgutils.gep_inbounds(builder, block, 0, place)
    value = _load_unchanged(builder, room, context.get_value_type(field))
    return impl_ret_borrowed(context, builder, field, value)


def _load_unchanged(builder: Any, room: Any, kind: ir.Type) -> Any:
    """Number by number, so that those that nobody uses can be left out."""
    if not isinstance(kind, ir.LiteralStructType | ir.ArrayType):
        number = builder.load(room)
        number.set_metadata("invariant.load", builder.module.add_metadata([]))
        return number
    parts = kind.elements if isinstance(kind, ir.LiteralStructType) else [kind.element] * kind.count
    whole = ir.Constant(kind, ir.Undefined)
    for place, part in enumerate(parts):
        whole = builder.insert_value(
            whole, _load_unchanged(builder, cgutils.gep_inbounds(builder, room, 0, place), part), place
        )
    return whole
