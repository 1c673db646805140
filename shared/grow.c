#include "grow.h"

#include "message.h"

#include <stdlib.h>

void *one_more(void *list, int count, size_t size)
{
    if (count & (count - 1))
        return list; /* it has room until their number is a power of two */
    list = realloc(list, (size_t)(count ? 2 * count : 1) * size);
    if (!list)
        fail("cannot list the containers");
    return list;
}

void *grow_to(void *memory, size_t *room, size_t size)
{
    if (size <= *room)
        return memory;
    *room = size < 256 ? 512 : 2 * size;
    memory = realloc(memory, *room);
    if (!memory)
        fail("cannot get %zu bytes of memory", *room);
    return memory;
}
