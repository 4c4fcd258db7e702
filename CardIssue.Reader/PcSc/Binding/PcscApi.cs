using System.Runtime.InteropServices;
using CardIssue.Core.Primitives;

namespace CardIssue.Reader.PcSc.Binding;

/// <summary>PC/SC's calls over one platform's functions.</summary>
internal sealed unsafe class PcscApi(INativePcsc native) : IPcscApi
{
    /// <summary>PC/SC's limits: an ATR of 33 bytes (Windows gives room for 36), 16 readers of 128 characters.</summary>
    private const int AtrRoom = 36, NamesRoom = 16 * 128 + 1, NameRoom = 256;
    private const uint Infinite = 0xFFFF_FFFF;

    /// <summary>This machine's.</summary>
    public static IPcscApi System { get; } = new PcscApi(
        OperatingSystem.IsWindows() ? new Winscard() : OperatingSystem.IsMacOS() ? new PcscFramework() : new PcscLite());

    public bool SignalsReaders => native is not PcscFramework;

    public PcscCode EstablishContext(out nint context)
    {
        try
        {
            return (PcscCode)native.EstablishContext(out context);
        }
        catch (DllNotFoundException)
        {
            // Without the library there is no service either; the same has to be done about it.
            context = 0;
            return PcscCode.NoService;
        }
    }

    public PcscCode ReleaseContext(nint context) => (PcscCode)native.ReleaseContext(context);

    public PcscCode Cancel(nint context) => (PcscCode)native.Cancel(context);

    public PcscCode ListReaders(nint context, out IReadOnlyList<string> readers)
    {
        readers = [];
        var names = new byte[NamesRoom * native.Layout.CharacterSize];
        uint length = NamesRoom;
        fixed (byte* at = names)
        {
            var code = (PcscCode)native.ListReaders(context, at, ref length);
            if (code == PcscCode.Success) readers = native.Layout.DecodeList(names.AsSpan(0, (int)length * native.Layout.CharacterSize));
            return code;
        }
    }

    public PcscCode GetStatusChange(nint context, TimeSpan? timeout, Span<ReaderState> states)
    {
        var layout = native.Layout;
        var handles = new GCHandle[states.Length];
        var array = new byte[states.Length * layout.ReaderStateSize];
        try
        {
            for (var i = 0; i < states.Length; i++)
            {
                handles[i] = GCHandle.Alloc(layout.Encode(states[i].Name), GCHandleType.Pinned);
                layout.WriteReaderState(array, i, handles[i].AddrOfPinnedObject(), states[i].Known);
            }
            fixed (byte* at = array)
            {
                var limit = timeout is { } t ? (uint)Math.Min(t.TotalMilliseconds, Infinite - 1) : Infinite;
                var code = (PcscCode)native.GetStatusChange(context, limit, at, (uint)states.Length);
                for (var i = 0; i < states.Length; i++) (states[i].Event, states[i].Atr) = layout.ReadReaderState(array, i);
                return code;
            }
        }
        finally
        {
            foreach (var handle in handles)
                if (handle.IsAllocated) handle.Free();
        }
    }

    public PcscCode Connect(nint context, string reader, PcscShare share, PcscProtocols protocols, out nint card, out PcscProtocols active)
    {
        fixed (byte* name = native.Layout.Encode(reader))
        {
            var code = (PcscCode)native.Connect(context, name, (uint)share, (uint)protocols, out card, out var protocol);
            active = (PcscProtocols)protocol;
            return code;
        }
    }

    public PcscCode Reconnect(nint card, PcscShare share, PcscProtocols protocols, PcscDisposition initialization, out PcscProtocols active)
    {
        var code = (PcscCode)native.Reconnect(card, (uint)share, (uint)protocols, (uint)initialization, out var protocol);
        active = (PcscProtocols)protocol;
        return code;
    }

    public PcscCode Disconnect(nint card, PcscDisposition disposition) => (PcscCode)native.Disconnect(card, (uint)disposition);

    public PcscCode Status(nint card, out ByteString atr)
    {
        var name = stackalloc byte[NameRoom * 2];
        var bytes = stackalloc byte[AtrRoom];
        uint nameLength = NameRoom, length = AtrRoom;
        var code = (PcscCode)native.Status(card, name, ref nameLength, bytes, ref length);
        atr = code == PcscCode.Success ? ByteString.Copy(new ReadOnlySpan<byte>(bytes, (int)Math.Min(length, AtrRoom))) : default;
        return code;
    }

    public PcscCode Transmit(nint card, PcscProtocols protocol, ReadOnlySpan<byte> command, Span<byte> response, out int length)
    {
        Span<byte> header = stackalloc byte[native.Layout.IoRequestSize];
        native.Layout.WriteIoRequest(header, protocol);
        var room = (uint)response.Length;
        fixed (byte* head = header, data = command, answer = response)
        {
            var code = (PcscCode)native.Transmit(card, head, data, (uint)command.Length, answer, ref room);
            length = code == PcscCode.Success ? (int)Math.Min(room, (uint)response.Length) : 0;
            return code;
        }
    }

    public PcscCode GetAttribute(nint card, PcscAttribute attribute, Span<byte> value, out int length)
    {
        var room = (uint)value.Length;
        fixed (byte* at = value)
        {
            var code = (PcscCode)native.GetAttribute(card, (uint)attribute, at, ref room);
            length = code == PcscCode.Success ? (int)Math.Min(room, (uint)value.Length) : 0;
            return code;
        }
    }
}
