using System.Runtime.InteropServices;

namespace CardIssue.Reader.PcSc.Binding;

/// <summary>libpcsclite.so.1: DWORD, LONG and handles are longs. The name without a version belongs to the development package.</summary>
internal sealed unsafe partial class PcscLite : INativePcsc
{
    private const string Library = "libpcsclite.so.1";
    private const uint SystemScope = 2;

    public PcscLayout Layout { get; } = PcscLayout.Lite(nint.Size);

    public uint EstablishContext(out nint context)
    {
        nint handle = 0;
        var code = SCardEstablishContext(SystemScope, null, null, &handle);
        context = handle;
        return (uint)code;
    }

    public uint ReleaseContext(nint context) => (uint)SCardReleaseContext(context);

    public uint Cancel(nint context) => (uint)SCardCancel(context);

    public uint ListReaders(nint context, byte* names, ref uint length)
    {
        nuint characters = length;
        var code = SCardListReaders(context, null, names, &characters);
        length = (uint)characters;
        return (uint)code;
    }

    public uint GetStatusChange(nint context, uint timeout, byte* states, uint count) => (uint)SCardGetStatusChange(context, timeout, states, count);

    public uint Connect(nint context, byte* reader, uint share, uint protocols, out nint card, out uint active)
    {
        nint handle = 0;
        nuint protocol = 0;
        var code = SCardConnect(context, reader, share, protocols, &handle, &protocol);
        card = handle;
        active = (uint)protocol;
        return (uint)code;
    }

    public uint Reconnect(nint card, uint share, uint protocols, uint initialization, out uint active)
    {
        nuint protocol = 0;
        var code = SCardReconnect(card, share, protocols, initialization, &protocol);
        active = (uint)protocol;
        return (uint)code;
    }

    public uint Disconnect(nint card, uint disposition) => (uint)SCardDisconnect(card, disposition);

    public uint Status(nint card, byte* name, ref uint nameLength, byte* atr, ref uint atrLength)
    {
        nuint characters = nameLength, state = 0, protocol = 0, length = atrLength;
        var code = SCardStatus(card, name, &characters, &state, &protocol, atr, &length);
        nameLength = (uint)characters;
        atrLength = (uint)length;
        return (uint)code;
    }

    public uint Transmit(nint card, byte* sendHeader, byte* command, uint commandLength, byte* response, ref uint responseLength)
    {
        nuint length = responseLength;
        var code = SCardTransmit(card, sendHeader, command, commandLength, null, response, &length);
        responseLength = (uint)length;
        return (uint)code;
    }

    public uint GetAttribute(nint card, uint attribute, byte* value, ref uint length)
    {
        nuint bytes = length;
        var code = SCardGetAttrib(card, attribute, value, &bytes);
        length = (uint)bytes;
        return (uint)code;
    }

    [LibraryImport(Library)]
    private static partial nint SCardEstablishContext(nuint scope, void* reserved1, void* reserved2, nint* context);

    [LibraryImport(Library)]
    private static partial nint SCardReleaseContext(nint context);

    [LibraryImport(Library)]
    private static partial nint SCardCancel(nint context);

    [LibraryImport(Library)]
    private static partial nint SCardListReaders(nint context, byte* groups, byte* readers, nuint* length);

    [LibraryImport(Library)]
    private static partial nint SCardGetStatusChange(nint context, nuint timeout, byte* states, nuint count);

    [LibraryImport(Library)]
    private static partial nint SCardConnect(nint context, byte* reader, nuint share, nuint protocols, nint* card, nuint* active);

    [LibraryImport(Library)]
    private static partial nint SCardReconnect(nint card, nuint share, nuint protocols, nuint initialization, nuint* active);

    [LibraryImport(Library)]
    private static partial nint SCardDisconnect(nint card, nuint disposition);

    [LibraryImport(Library)]
    private static partial nint SCardStatus(nint card, byte* name, nuint* nameLength, nuint* state, nuint* protocol, byte* atr, nuint* atrLength);

    [LibraryImport(Library)]
    private static partial nint SCardTransmit(nint card, byte* sendHeader, byte* command, nuint commandLength, byte* receiveHeader, byte* response, nuint* responseLength);

    [LibraryImport(Library)]
    private static partial nint SCardGetAttrib(nint card, nuint attribute, byte* value, nuint* length);
}
