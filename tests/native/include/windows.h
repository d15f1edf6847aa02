/*
 * The few things of Win32 that request.c, pool.c, deliver.c, flatten.c and their neighbours use, over pthreads, so that they
 * build unchanged with the sanitizers of the machine. What is said where a function is defined (shim.c) holds of it; what is
 * not said is as in Win32. Sizes of types are Win64's, but for wchar_t.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef NATIVE_WINDOWS_H
#define NATIVE_WINDOWS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WINAPI
#define CALLBACK
#define TRUE 1
#define FALSE 0
#define INFINITE 0xffffffffu
#define MAXLONGLONG INT64_MAX
#define MAX_PATH 260
#define CP_ACP 0

typedef int BOOL;
typedef uint8_t BYTE;
typedef uint16_t WORD;
typedef uint32_t DWORD, UINT, ULONG;
typedef int32_t LONG;
typedef int64_t LONGLONG;
typedef uint64_t ULONGLONG;
typedef uintptr_t ULONG_PTR, DWORD_PTR, WPARAM;
typedef intptr_t LONG_PTR, LPARAM, LRESULT;
typedef wchar_t WCHAR;
typedef void *HANDLE;
typedef struct HWND__ *HWND;
typedef struct HINSTANCE__ *HINSTANCE, *HMODULE;
typedef void (*FARPROC)(void);
typedef union { LONGLONG QuadPart; } LARGE_INTEGER;
typedef struct { DWORD dwLowDateTime, dwHighDateTime; } FILETIME;
typedef struct { DWORD Data1; WORD Data2, Data3; BYTE Data4[8]; } GUID;

#define ARRAYSIZE(array) (sizeof(array) / sizeof((array)[0]))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define MAKEWORD(low, high) ((WORD)((BYTE)(low) | (WORD)(BYTE)(high) << 8))
#define LOBYTE(word) ((BYTE)(word))
#define HIBYTE(word) ((BYTE)((word) >> 8))
#define LOWORD(dword) ((WORD)(dword))
#define HIWORD(dword) ((WORD)((DWORD)(dword) >> 16))

#define ERROR_ACCESS_DENIED 5
#define ERROR_MESSAGE_SYNC_ONLY 1159
#define ERROR_INVALID_WINDOW_HANDLE 1400
#define ERROR_NOT_ENOUGH_QUOTA 1816

#define HWND_BROADCAST ((HWND)0xffff)
#define HWND_TOPMOST ((HWND)-1)
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x10000

typedef struct { pthread_mutex_t mutex; } SRWLOCK;
typedef struct { unsigned int wakes, known; } CONDITION_VARIABLE;
#define SRWLOCK_INIT {PTHREAD_MUTEX_INITIALIZER}
#define CONDITION_VARIABLE_INIT {0, 0}

void AcquireSRWLockExclusive(SRWLOCK *lock);
void AcquireSRWLockShared(SRWLOCK *lock);
void ReleaseSRWLockExclusive(SRWLOCK *lock);
void ReleaseSRWLockShared(SRWLOCK *lock);
BOOL TryAcquireSRWLockExclusive(SRWLOCK *lock);
BOOL SleepConditionVariableSRW(CONDITION_VARIABLE *variable, SRWLOCK *lock, DWORD ms, DWORD flags);
void WakeAllConditionVariable(CONDITION_VARIABLE *variable);
void WakeConditionVariable(CONDITION_VARIABLE *variable);
void YieldProcessor(void);
LONG InterlockedIncrement(volatile LONG *value);

HANDLE CreateThread(void *security, size_t stack, DWORD (*main)(void *arg), void *arg, DWORD flags, DWORD *id);
BOOL CloseHandle(HANDLE handle);
DWORD GetCurrentThreadId(void);
#define TLS_OUT_OF_INDEXES 0xffffffffu
DWORD TlsAlloc(void);
BOOL TlsSetValue(DWORD index, void *value);
void *TlsGetValue(DWORD index);
DWORD GetLastError(void);
void SetLastError(DWORD error);

ULONGLONG GetTickCount64(void);
BOOL QueryPerformanceCounter(LARGE_INTEGER *count);
BOOL QueryPerformanceFrequency(LARGE_INTEGER *frequency);

int MultiByteToWideChar(UINT page, DWORD flags, const char *text, int length, WCHAR *wide, int size);
int WideCharToMultiByte(UINT page, DWORD flags, const WCHAR *wide, int length, char *text, int size, const char *unknown,
                        BOOL *any_unknown);

HMODULE LoadLibraryW(const WCHAR *name);
FARPROC GetProcAddress(HMODULE module, const char *name);

#endif
