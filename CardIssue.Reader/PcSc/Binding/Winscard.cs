using System.Runtime.InteropServices;

namespace CardIssue.Reader.PcSc.Binding;

/// <summary>winscard.dll, the W functions: DWORD and LONG of 4 bytes, handles of a pointer's size.</summary>
internal sealed unsafe partial class Winscard : INativePcsc
{
    private const string Library = "winscard.dll";
    private const uint UserScope = 0;

    public PcscLayout Layout { get; } = PcscLayout.Windows(nint.Size);

    public uint EstablishContext(out nint context)
    {
        nint handle = 0;
        var code = SCardEstablishContext(UserScope, null, null, &handle);
        context = handle;
        return (uint)code;
    }

    public uint ReleaseContext(nint context) => (uint)SCardReleaseContext(context);

    public uint Cancel(nint context) => (uint)SCardCancel(context);

    public uint ListReaders(nint context, byte* names, ref uint length)
    {
        uint characters = length;
        var code = SCardListReadersW(context, null, names, &characters);
        length = (uint)characters;
        return (uint)code;
    }

    public uint GetStatusChange(nint context, uint timeout, byte* states, uint count) => (uint)SCardGetStatusChangeW(context, timeout, states, count);

    public uint Connect(nint context, byte* reader, uint share, uint protocols, out nint card, out uint active)
    {
        nint handle = 0;
        uint protocol = 0;
        var code = SCardConnectW(context, reader, share, protocols, &handle, &protocol);
        card = handle;
        active = (uint)protocol;
        return (uint)code;
    }

    public uint Reconnect(nint card, uint share, uint protocols, uint initialization, out uint active)
    {
        uint protocol = 0;
        var code = SCardReconnect(card, share, protocols, initialization, &protocol);
        active = (uint)protocol;
        return (uint)code;
    }

    public uint Disconnect(nint card, uint disposition) => (uint)SCardDisconnect(card, disposition);

    public uint Status(nint card, byte* name, ref uint nameLength, byte* atr, ref uint atrLength)
    {
        uint characters = nameLength, state = 0, protocol = 0, length = atrLength;
        var code = SCardStatusW(card, name, &characters, &state, &protocol, atr, &length);
        nameLength = (uint)characters;
        atrLength = (uint)length;
        return (uint)code;
    }

    public uint Transmit(nint card, byte* sendHeader, byte* command, uint commandLength, byte* response, ref uint responseLength)
    {
        uint length = responseLength;
        var code = SCardTransmit(card, sendHeader, command, commandLength, null, response, &length);
        responseLength = (uint)length;
        return (uint)code;
    }

    public uint GetAttribute(nint card, uint attribute, byte* value, ref uint length)
    {
        uint bytes = length;
        var code = SCardGetAttrib(card, attribute, value, &bytes);
        length = (uint)bytes;
        return (uint)code;
    }

    [LibraryImport(Library)]
    private static partial int SCardEstablishContext(uint scope, void* reserved1, void* reserved2, nint* context);

    [LibraryImport(Library)]
    private static partial int SCardReleaseContext(nint context);

    [LibraryImport(Library)]
    private static partial int SCardCancel(nint context);

    [LibraryImport(Library)]
    private static partial int SCardListReadersW(nint context, byte* groups, byte* readers, uint* length);

    [LibraryImport(Library)]
    private static partial int SCardGetStatusChangeW(nint context, uint timeout, byte* states, uint count);

    [LibraryImport(Library)]
    private static partial int SCardConnectW(nint context, byte* reader, uint share, uint protocols, nint* card, uint* active);

    [LibraryImport(Library)]
    private static partial int SCardReconnect(nint card, uint share, uint protocols, uint initialization, uint* active);

    [LibraryImport(Library)]
    private static partial int SCardDisconnect(nint card, uint disposition);

    [LibraryImport(Library)]
    private static partial int SCardStatusW(nint card, byte* name, uint* nameLength, uint* state, uint* protocol, byte* atr, uint* atrLength);

    [LibraryImport(Library)]
    private static partial int SCardTransmit(nint card, byte* sendHeader, byte* command, uint commandLength, byte* receiveHeader, byte* response, uint* responseLength);

    [LibraryImport(Library)]
    private static partial int SCardGetAttrib(nint card, uint attribute, byte* value, uint* length);
}
