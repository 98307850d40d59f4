/* builtin.c - puts the records of the built-in types in place. Once a process, under core/type.c's once. */
#include "core/hash.h"
#include "core/types/types.h"

void builtin_types_init(void)
{
    hash_init(); /* first: the others may hash their static objects */
    scalar_types_init();
    atomic_int_type_init();
    str_type_init();
    bytes_type_init();
    buffer_type_init();
    tuple_type_init();
    list_type_init();
    dict_type_init();
    set_types_init();
    deque_type_init();
    iterator_types_init();
    lazy_types_init();
    weak_type_init();
    weak_dict_type_init();
    cell_type_init();
    closure_type_init();
}
