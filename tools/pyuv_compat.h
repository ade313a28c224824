/* For building pyuv 1.4.0, whose source is of 2019, on CPython 3.10 and later:

       CFLAGS="-include $PWD/tools/pyuv_compat.h" pip install --no-binary pyuv pyuv==1.4.0

   It gives back what CPython took away since, as far as pyuv uses it. */
#ifndef EVENTLET_PYUV_COMPAT_H
#define EVENTLET_PYUV_COMPAT_H

#include <Python.h>

#if PY_VERSION_HEX >= 0x030A0000
/* An lvalue until 3.9. */
#undef Py_REFCNT
#define Py_REFCNT(object) (((PyObject *)(object))->ob_refcnt)

/* Gone with Py_UNICODE: pyuv only encodes with them, so the object itself may stand for its characters. */
#undef PyUnicode_AS_UNICODE
#undef PyUnicode_GET_SIZE
#undef PyUnicode_EncodeUTF8
#define PyUnicode_AS_UNICODE(text) (text)
#define PyUnicode_GET_SIZE(text) 0
#define PyUnicode_EncodeUTF8(text, size, errors) PyUnicode_AsEncodedString((PyObject *)(text), "utf-8", (errors))

/* It has done nothing since 3.9. */
#undef PyEval_InitThreads
#define PyEval_InitThreads() ((void)0)
#endif

#endif
