using System.Runtime.InteropServices;

namespace CardIssue.Reader.PcSc.Binding;

/// <summary>macOS's PCSC framework: DWORD, LONG and handles of 4 bytes.</summary>
internal sealed unsafe partial class PcscFramework : INativePcsc
{
    private const string Library = "/System/Library/Frameworks/PCSC.framework/PCSC";
    private const uint SystemScope = 2;

    public PcscLayout Layout { get; } = PcscLayout.MacOs;

    public uint EstablishContext(out nint context)
    {
        int handle = 0;
        var code = SCardEstablishContext(SystemScope, null, null, &handle);
        context = handle;
        return (uint)code;
    }

    public uint ReleaseContext(nint context) => (uint)SCardReleaseContext((int)context);

    public uint Cancel(nint context) => (uint)SCardCancel((int)context);

    public uint ListReaders(nint context, byte* names, ref uint length)
    {
        uint characters = length;
        var code = SCardListReaders((int)context, null, names, &characters);
        length = (uint)characters;
        return (uint)code;
    }

    public uint GetStatusChange(nint context, uint timeout, byte* states, uint count) => (uint)SCardGetStatusChange((int)context, timeout, states, count);

    public uint Connect(nint context, byte* reader, uint share, uint protocols, out nint card, out uint active)
    {
        int handle = 0;
        uint protocol = 0;
        var code = SCardConnect((int)context, reader, share, protocols, &handle, &protocol);
        card = handle;
        active = (uint)protocol;
        return (uint)code;
    }

    public uint Reconnect(nint card, uint share, uint protocols, uint initialization, out uint active)
    {
        uint protocol = 0;
        var code = SCardReconnect((int)card, share, protocols, initialization, &protocol);
        active = (uint)protocol;
        return (uint)code;
    }

    public uint Disconnect(nint card, uint disposition) => (uint)SCardDisconnect((int)card, disposition);

    public uint Status(nint card, byte* name, ref uint nameLength, byte* atr, ref uint atrLength)
    {
        uint characters = nameLength, state = 0, protocol = 0, length = atrLength;
        var code = SCardStatus((int)card, name, &characters, &state, &protocol, atr, &length);
        nameLength = (uint)characters;
        atrLength = (uint)length;
        return (uint)code;
    }

    public uint Transmit(nint card, byte* sendHeader, byte* command, uint commandLength, byte* response, ref uint responseLength)
    {
        uint length = responseLength;
        var code = SCardTransmit((int)card, sendHeader, command, commandLength, null, response, &length);
        responseLength = (uint)length;
        return (uint)code;
    }

    public uint GetAttribute(nint card, uint attribute, byte* value, ref uint length)
    {
        uint bytes = length;
        var code = SCardGetAttrib((int)card, attribute, value, &bytes);
        length = (uint)bytes;
        return (uint)code;
    }

    [LibraryImport(Library)]
    private static partial int SCardEstablishContext(uint scope, void* reserved1, void* reserved2, int* context);

    [LibraryImport(Library)]
    private static partial int SCardReleaseContext(int context);

    [LibraryImport(Library)]
    private static partial int SCardCancel(int context);

    [LibraryImport(Library)]
    private static partial int SCardListReaders(int context, byte* groups, byte* readers, uint* length);

    [LibraryImport(Library)]
    private static partial int SCardGetStatusChange(int context, uint timeout, byte* states, uint count);

    [LibraryImport(Library)]
    private static partial int SCardConnect(int context, byte* reader, uint share, uint protocols, int* card, uint* active);

    [LibraryImport(Library)]
    private static partial int SCardReconnect(int card, uint share, uint protocols, uint initialization, uint* active);

    [LibraryImport(Library)]
    private static partial int SCardDisconnect(int card, uint disposition);

    [LibraryImport(Library)]
    private static partial int SCardStatus(int card, byte* name, uint* nameLength, uint* state, uint* protocol, byte* atr, uint* atrLength);

    [LibraryImport(Library)]
    private static partial int SCardTransmit(int card, byte* sendHeader, byte* command, uint commandLength, byte* receiveHeader, byte* response, uint* responseLength);

    [LibraryImport(Library)]
    private static partial int SCardGetAttrib(int card, uint attribute, byte* value, uint* length);
}
