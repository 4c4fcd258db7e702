using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>A DAP block: a security domain's signature of what is loaded (GPCS table 11-58, §C.3). It is passed on, not made.</summary>
/// <param name="SecurityDomain">The security domain that verifies it.</param>
/// <param name="Signature">The signature.</param>
internal readonly record struct DapBlock(Aid SecurityDomain, ByteString Signature);

/// <summary>LOAD (GPCS §11.6): DAP blocks and the load file data block, cut into blocks that are numbered by one byte.</summary>
internal static class Load
{
    /// <summary>How many blocks one load file has at most: P2 counts from 00 to FF.</summary>
    public const int MaxBlocks = 256;

    private const byte Last = 0x80;

    /// <summary>Length of all that is cut into blocks, in bytes.</summary>
    public static int StreamLength(int block, ValueList<DapBlock> dap) =>
        Stream(default, dap).Length - 2 + BerTlv.LengthOfLength(block) + 1 + block;

    /// <summary>The commands.</summary>
    /// <param name="block">The load file data block, 1 to 65,535 bytes.</param>
    /// <param name="dap">DAP blocks, which come before it.</param>
    /// <param name="maxData">The most data of one command in bytes.</param>
    /// <exception cref="ArgumentException">It does not fit into <see cref="MaxBlocks"/> commands.</exception>
    public static IReadOnlyList<CommandApdu> Commands(ByteString block, ValueList<DapBlock> dap, int maxData)
    {
        var stream = Stream(block, dap);
        var count = (stream.Length + maxData - 1) / maxData;
        if (count > MaxBlocks)
            throw new ArgumentException($"LOAD has {stream.Length} bytes; {MaxBlocks} commands carry {MaxBlocks * maxData}");
        var commands = new CommandApdu[count];
        for (var i = 0; i < count; i++)
        {
            var data = stream.Slice(i * maxData, Math.Min(maxData, stream.Length - i * maxData));
            var p1 = i == count - 1 ? Last : (byte)0x00;
            commands[i] = new CommandApdu(0x80, Instructions.Load, p1, (byte)i, data, CommandApdu.MaxShortLe);
        }
        return commands;
    }

    private static ByteString Stream(ByteString block, ValueList<DapBlock> dap) => ByteString.Concat(
    [
        .. dap.Select(one => BerTlv.Constructed(
            0xE2, BerTlv.Primitive(0x4F, one.SecurityDomain.Value), BerTlv.Primitive(0xC3, one.Signature)).ToBytes()),
        BerTlv.Primitive(0xC4, block).ToBytes(),
    ]);
}
