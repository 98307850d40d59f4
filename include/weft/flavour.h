/* flavour.h - which of the two builds this translation unit is compiled for. The only place that asks.
 *
 * weft::weft leaves WEFT_GIL undefined; weft::weft_gil defines it for every target that links it. The header chosen
 * here gives the object header, the count operations' fast paths, and the lock operations' fast paths.
 * A program that mixes objects of both flavours does not link: see weft_flavour_tag in runtime.h. */
#ifndef WEFT_FLAVOUR_H
#define WEFT_FLAVOUR_H

#ifdef WEFT_GIL
#include "weft/flavour_gil.h"
#else
#include "weft/flavour_ft.h"
#endif

#endif
