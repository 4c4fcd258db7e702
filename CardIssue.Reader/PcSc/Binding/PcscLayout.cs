using System.Runtime.InteropServices;
using System.Text;
using CardIssue.Core.Primitives;

namespace CardIssue.Reader.PcSc.Binding;

/// <summary>
/// How one platform lays out what PC/SC passes in memory. The three differ in DWORD (4 bytes; a long in pcsc-lite), in the room for the ATR, in packing and in
/// the encoding of names. Pure, so that all three are tested on any of them.
/// </summary>
/// <param name="Pointer">Bytes of a pointer.</param>
/// <param name="Dword">Bytes of a DWORD.</param>
/// <param name="AtrRoom">Bytes for an ATR in a READERSTATE.</param>
/// <param name="IsPacked">No padding after a READERSTATE.</param>
/// <param name="Names">UTF-16 for winscard's W functions, else UTF-8.</param>
internal sealed record PcscLayout(int Pointer, int Dword, int AtrRoom, bool IsPacked, Encoding Names)
{
    /// <summary>The pseudo reader whose state changes when readers come and go (Windows, pcsc-lite).</summary>
    public const string PlugAndPlay = @"\\?PnP?\Notification";

    /// <summary>winscard.dll: 64 bytes for a READERSTATE in a 64-bit process.</summary>
    public static PcscLayout Windows(int pointer) => new(pointer, 4, 36, false, Encoding.Unicode);

    /// <summary>libpcsclite: 80 bytes for a READERSTATE in a 64-bit process.</summary>
    public static PcscLayout Lite(int pointer) => new(pointer, pointer, 33, false, Encoding.UTF8);

    /// <summary>The PCSC framework: 61 bytes for a READERSTATE.</summary>
    public static PcscLayout MacOs { get; } = new(8, 4, 33, true, Encoding.UTF8);

    /// <summary>Bytes of one READERSTATE in an array.</summary>
    public int ReaderStateSize
    {
        get
        {
            var (end, alignment) = (AtrAt + AtrRoom, Math.Max(Pointer, Dword));
            return IsPacked ? end : (end + alignment - 1) / alignment * alignment;
        }
    }

    /// <summary>Bytes of an IO_REQUEST.</summary>
    public int IoRequestSize => 2 * Dword;

    /// <summary>The bytes of one unit of a name: lengths of names are counted in it.</summary>
    public int CharacterSize => Names.GetByteCount("\0");

    private int CurrentStateAt => 2 * Pointer;

    private int EventStateAt => CurrentStateAt + Dword;

    private int AtrLengthAt => EventStateAt + Dword;

    private int AtrAt => AtrLengthAt + Dword;

    /// <summary>Writes what a call to GetStatusChange is told of one reader.</summary>
    /// <param name="states">The array.</param>
    /// <param name="index">Which one.</param>
    /// <param name="name">Address of its name, with a terminating zero.</param>
    /// <param name="current">The state that the caller knows of.</param>
    public void WriteReaderState(Span<byte> states, int index, nint name, PcscState current)
    {
        var state = At(states, index);
        state.Clear();
        if (Pointer == 8) MemoryMarshal.Write(state, (long)name);
        else MemoryMarshal.Write(state, (int)name);
        WriteDword(state[CurrentStateAt..], (uint)current);
    }

    /// <summary>Reads what GetStatusChange told of one reader.</summary>
    public (PcscState Event, ByteString Atr) ReadReaderState(Span<byte> states, int index)
    {
        var state = At(states, index);
        var length = Math.Min(ReadDword(state[AtrLengthAt..]), (uint)AtrRoom);
        return ((PcscState)ReadDword(state[EventStateAt..]), ByteString.Copy(state.Slice(AtrAt, (int)length)));
    }

    /// <summary>Writes the header that says by which protocol a command goes.</summary>
    public void WriteIoRequest(Span<byte> request, PcscProtocols protocol)
    {
        WriteDword(request, (uint)protocol);
        WriteDword(request[Dword..], (uint)IoRequestSize);
    }

    /// <summary>A name with its terminating zero.</summary>
    public byte[] Encode(string name) => Names.GetBytes(name + '\0');

    /// <summary>Reads a list of names, each with a terminating zero, and one more after the last.</summary>
    public IReadOnlyList<string> DecodeList(ReadOnlySpan<byte> names) =>
        Names.GetString(names).Split('\0', StringSplitOptions.RemoveEmptyEntries);

    private Span<byte> At(Span<byte> states, int index) => states.Slice(index * ReaderStateSize, ReaderStateSize);

    private void WriteDword(Span<byte> at, uint value)
    {
        if (Dword == 8) MemoryMarshal.Write(at, (ulong)value);
        else MemoryMarshal.Write(at, value);
    }

    private uint ReadDword(ReadOnlySpan<byte> at) => Dword == 8 ? (uint)MemoryMarshal.Read<ulong>(at) : MemoryMarshal.Read<uint>(at);
}
