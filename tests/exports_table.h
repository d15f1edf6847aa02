/*
 * The table of exports that the tests hold ws2_32 to: X(name, fixed ordinal or 0, bytes of arguments on i386) for what
 * is there, Y(name) for what only Windows has. Knows nothing of ws2_32.spec, which it is to be compared with.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define EXPECTED_EXPORTS(X) \
    X(accept, 1, 12) \
    X(bind, 2, 12) \
    X(closesocket, 3, 4) \
    X(connect, 4, 12) \
    X(getpeername, 5, 12) \
    X(getsockname, 6, 12) \
    X(getsockopt, 7, 20) \
    X(htonl, 8, 4) \
    X(htons, 9, 4) \
    X(ioctlsocket, 10, 12) \
    X(inet_addr, 11, 4) \
    X(inet_ntoa, 12, 4) \
    X(listen, 13, 8) \
    X(ntohl, 14, 4) \
    X(ntohs, 15, 4) \
    X(recv, 16, 16) \
    X(recvfrom, 17, 24) \
    X(select, 18, 20) \
    X(send, 19, 16) \
    X(sendto, 20, 24) \
    X(setsockopt, 21, 20) \
    X(shutdown, 22, 8) \
    X(socket, 23, 12) \
    X(gethostbyaddr, 51, 12) \
    X(gethostbyname, 52, 4) \
    X(getprotobyname, 53, 4) \
    X(getprotobynumber, 54, 4) \
    X(getservbyname, 55, 8) \
    X(getservbyport, 56, 8) \
    X(gethostname, 57, 8) \
    X(WSAAsyncSelect, 101, 16) \
    X(WSAAsyncGetHostByAddr, 102, 28) \
    X(WSAAsyncGetHostByName, 103, 20) \
    X(WSAAsyncGetProtoByNumber, 104, 20) \
    X(WSAAsyncGetProtoByName, 105, 20) \
    X(WSAAsyncGetServByPort, 106, 24) \
    X(WSAAsyncGetServByName, 107, 24) \
    X(WSACancelAsyncRequest, 108, 4) \
    X(WSASetBlockingHook, 109, 4) \
    X(WSAUnhookBlockingHook, 110, 0) \
    X(WSAGetLastError, 111, 0) \
    X(WSASetLastError, 112, 4) \
    X(WSACancelBlockingCall, 113, 0) \
    X(WSAIsBlocking, 114, 0) \
    X(WSAStartup, 115, 8) \
    X(WSACleanup, 116, 0) \
    X(__WSAFDIsSet, 151, 8) \
    X(WEP, 500, 0) \
    X(FreeAddrInfoEx, 0, 4) \
    X(FreeAddrInfoExW, 0, 4) \
    X(FreeAddrInfoW, 0, 4) \
    X(GetAddrInfoExA, 0, 40) \
    X(GetAddrInfoExCancel, 0, 4) \
    X(GetAddrInfoExOverlappedResult, 0, 4) \
    X(GetAddrInfoExW, 0, 40) \
    X(GetAddrInfoW, 0, 16) \
    X(GetHostNameW, 0, 8) \
    X(GetNameInfoW, 0, 28) \
    X(InetNtopW, 0, 16) \
    X(InetPtonW, 0, 12) \
    X(WPUCompleteOverlappedRequest, 0, 20) \
    X(WSAAccept, 0, 20) \
    X(WSAAddressToStringA, 0, 20) \
    X(WSAAddressToStringW, 0, 20) \
    X(WSACloseEvent, 0, 4) \
    X(WSAConnect, 0, 28) \
    X(WSAConnectByList, 0, 32) \
    X(WSAConnectByNameA, 0, 36) \
    X(WSAConnectByNameW, 0, 36) \
    X(WSACreateEvent, 0, 0) \
    X(WSADuplicateSocketA, 0, 12) \
    X(WSADuplicateSocketW, 0, 12) \
    X(WSAEnumNameSpaceProvidersA, 0, 8) \
    X(WSAEnumNameSpaceProvidersW, 0, 8) \
    X(WSAEnumNameSpaceProvidersExA, 0, 8) \
    X(WSAEnumNameSpaceProvidersExW, 0, 8) \
    X(WSAEnumNetworkEvents, 0, 12) \
    X(WSAEnumProtocolsA, 0, 12) \
    X(WSAEnumProtocolsW, 0, 12) \
    X(WSAEventSelect, 0, 12) \
    X(WSAGetOverlappedResult, 0, 20) \
    X(WSAGetQOSByName, 0, 12) \
    X(WSAGetServiceClassInfoA, 0, 16) \
    X(WSAGetServiceClassInfoW, 0, 16) \
    X(WSAGetServiceClassNameByClassIdA, 0, 12) \
    X(WSAGetServiceClassNameByClassIdW, 0, 12) \
    X(WSAHtonl, 0, 12) \
    X(WSAHtons, 0, 12) \
    X(WSAInstallServiceClassA, 0, 4) \
    X(WSAInstallServiceClassW, 0, 4) \
    X(WSAIoctl, 0, 36) \
    X(WSAJoinLeaf, 0, 32) \
    X(WSALookupServiceBeginA, 0, 12) \
    X(WSALookupServiceBeginW, 0, 12) \
    X(WSALookupServiceEnd, 0, 4) \
    X(WSALookupServiceNextA, 0, 16) \
    X(WSALookupServiceNextW, 0, 16) \
    X(WSANSPIoctl, 0, 32) \
    X(WSANtohl, 0, 12) \
    X(WSANtohs, 0, 12) \
    X(WSAPoll, 0, 12) \
    X(WSAProviderConfigChange, 0, 12) \
    X(WSARecv, 0, 28) \
    X(WSARecvDisconnect, 0, 8) \
    X(WSARecvFrom, 0, 36) \
    X(WSARemoveServiceClass, 0, 4) \
    X(WSAResetEvent, 0, 4) \
    X(WSASend, 0, 28) \
    X(WSASendDisconnect, 0, 8) \
    X(WSASendMsg, 0, 24) \
    X(WSASendTo, 0, 36) \
    X(WSASetEvent, 0, 4) \
    X(WSASetServiceA, 0, 12) \
    X(WSASetServiceW, 0, 12) \
    X(WSASocketA, 0, 24) \
    X(WSASocketW, 0, 24) \
    X(WSAStringToAddressA, 0, 20) \
    X(WSAStringToAddressW, 0, 20) \
    X(WSAWaitForMultipleEvents, 0, 20) \
    X(WSApSetPostRoutine, 0, 4) \
    X(WSCDeinstallProvider, 0, 8) \
    X(WSCEnableNSProvider, 0, 8) \
    X(WSCEnumProtocols, 0, 16) \
    X(WSCGetApplicationCategory, 0, 24) \
    X(WSCGetProviderInfo, 0, 24) \
    X(WSCGetProviderPath, 0, 16) \
    X(WSCInstallNameSpace, 0, 20) \
    X(WSCInstallProvider, 0, 20) \
    X(WSCSetApplicationCategory, 0, 28) \
    X(WSCUnInstallNameSpace, 0, 4) \
    X(WSCUpdateProvider, 0, 20) \
    X(WSCWriteNameSpaceOrder, 0, 8) \
    X(WSCWriteProviderOrder, 0, 8) \
    X(freeaddrinfo, 0, 4) \
    X(getaddrinfo, 0, 16) \
    X(getnameinfo, 0, 28) \
    X(inet_ntop, 0, 16) \
    X(inet_pton, 0, 12)

#define WINDOWS_ONLY(Y) \
    Y(ProcessSocketNotifications) \
    Y(SetAddrInfoExA) \
    Y(SetAddrInfoExW) \
    Y(WPUGetProviderPathEx) \
    Y(WSAAdvertiseProvider) \
    Y(WSAProviderCompleteAsyncCall) \
    Y(WSAUnadvertiseProvider) \
    Y(WSCDeinstallProvider32) \
    Y(WSCDeinstallProviderEx) \
    Y(WSCEnableNSProvider32) \
    Y(WSCEnumNameSpaceProviders32) \
    Y(WSCEnumNameSpaceProvidersEx32) \
    Y(WSCEnumProtocols32) \
    Y(WSCEnumProtocolsEx) \
    Y(WSCGetApplicationCategoryEx) \
    Y(WSCGetProviderInfo32) \
    Y(WSCGetProviderPath32) \
    Y(WSCInstallNameSpace32) \
    Y(WSCInstallNameSpaceEx) \
    Y(WSCInstallNameSpaceEx2) \
    Y(WSCInstallNameSpaceEx32) \
    Y(WSCInstallProvider64_32) \
    Y(WSCInstallProviderAndChains) \
    Y(WSCInstallProviderAndChains64_32) \
    Y(WSCInstallProviderEx) \
    Y(WSCSetApplicationCategoryEx) \
    Y(WSCSetProviderInfo) \
    Y(WSCSetProviderInfo32) \
    Y(WSCUnInstallNameSpace32) \
    Y(WSCUnInstallNameSpaceEx2) \
    Y(WSCUpdateProvider32) \
    Y(WSCUpdateProviderEx) \
    Y(WSCWriteNameSpaceOrder32) \
    Y(WSCWriteProviderOrder32) \
    Y(WSCWriteProviderOrderEx) \
    Y(WahCloseApcHelper) \
    Y(WahCloseHandleHelper) \
    Y(WahCloseNotificationHandleHelper) \
    Y(WahCloseSocketHandle) \
    Y(WahCloseThread) \
    Y(WahCompleteRequest) \
    Y(WahCreateHandleContextTable) \
    Y(WahCreateNotificationHandle) \
    Y(WahCreateSocketHandle) \
    Y(WahDestroyHandleContextTable) \
    Y(WahDisableNonIFSHandleSupport) \
    Y(WahEnableNonIFSHandleSupport) \
    Y(WahEnumerateHandleContexts) \
    Y(WahInsertHandleContext) \
    Y(WahNotifyAllProcesses) \
    Y(WahOpenApcHelper) \
    Y(WahOpenCurrentThread) \
    Y(WahOpenHandleHelper) \
    Y(WahOpenNotificationHandleHelper) \
    Y(WahQueueUserApc) \
    Y(WahReferenceContextByHandle) \
    Y(WahRemoveHandleContext) \
    Y(WahWaitForNotification) \
    Y(WahWriteLSPEvent)
