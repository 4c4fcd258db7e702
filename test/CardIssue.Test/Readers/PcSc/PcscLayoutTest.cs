using CardIssue.Reader.PcSc;
using CardIssue.Reader.PcSc.Binding;

namespace CardIssue.Test.Readers.PcSc;

/// <summary>What PC/SC passes in memory on each platform (sizes and offsets of winscard.h, pcsclite.h and macOS's wintypes.h).</summary>
public sealed class PcscLayoutTest
{
    private static readonly PcscLayout Windows = PcscLayout.Windows(8), Windows32 = PcscLayout.Windows(4), Lite = PcscLayout.Lite(8), Lite32 = PcscLayout.Lite(4);

    [Test]
    public void Platforms_Sizes_AreThoseOfTheirHeaders()
    {
        Assert.That(new[] { Windows, Windows32, Lite, Lite32, PcscLayout.MacOs }.Select(l => (l.ReaderStateSize, l.IoRequestSize, l.CharacterSize)),
            Is.EqualTo(new[] { (64, 8, 2), (56, 8, 2), (80, 16, 1), (56, 8, 1), (61, 8, 1) }));
    }

    [Test]
    public void Windows_SecondReaderState_IsWrittenAndReadAtItsOffsets()
    {
        var states = Filled(2 * 64);
        Windows.WriteReaderState(states, 1, unchecked((nint)0x1122334455667788), PcscState.Present);
        Assert.That(Hex(states, 64, 28), Is.EqualTo("8877665544332211" + "0000000000000000" + "20000000" + "00000000" + "00000000"));
        SetBytes(states, 64 + 20, "22010500" + "02000000" + "3B65");
        Assert.That(Windows.ReadReaderState(states, 1), Is.EqualTo(((PcscState)0x00050122, Core.Primitives.ByteString.FromHex("3B65"))));
        Assert.That(states.Take(64), Is.All.EqualTo((byte)0xEE), "the first one is left alone");
    }

    [Test]
    public void Lite_SecondReaderState_IsWrittenAndReadAtItsOffsets()
    {
        var states = Filled(2 * 80);
        Lite.WriteReaderState(states, 1, unchecked((nint)0x1122334455667788), PcscState.Empty);
        Assert.That(Hex(states, 80, 40), Is.EqualTo("8877665544332211" + "0000000000000000" + "1000000000000000" + "0000000000000000" + "0000000000000000"));
        SetBytes(states, 80 + 24, "2201050000000000" + "0200000000000000" + "3B65");
        Assert.That(Lite.ReadReaderState(states, 1), Is.EqualTo(((PcscState)0x00050122, Core.Primitives.ByteString.FromHex("3B65"))));
        Assert.That(states.Take(80), Is.All.EqualTo((byte)0xEE), "the first one is left alone");
    }

    [Test]
    public void MacOs_SecondReaderState_IsPackedRightAfterTheFirst()
    {
        var states = Filled(2 * 61);
        PcscLayout.MacOs.WriteReaderState(states, 1, unchecked((nint)0x1122334455667788), PcscState.Empty);
        Assert.That(Hex(states, 61, 28), Is.EqualTo("8877665544332211" + "0000000000000000" + "10000000" + "00000000" + "00000000"));
        SetBytes(states, 61 + 20, "22000000" + "02000000" + "3B65");
        Assert.That(PcscLayout.MacOs.ReadReaderState(states, 1), Is.EqualTo(((PcscState)0x22, Core.Primitives.ByteString.FromHex("3B65"))));
    }

    [Test]
    public void ReaderState_AtrLengthBeyondItsRoom_IsCutToTheRoom()
    {
        var states = new byte[80];
        SetBytes(states, 32, "FFFFFFFFFFFFFFFF");
        Assert.That(Lite.ReadReaderState(states, 0).Atr.Length, Is.EqualTo(33));
    }

    [Test]
    public void IoRequest_PerPlatform_HasProtocolAndItsOwnLength()
    {
        Assert.That(Request(Windows, PcscProtocols.T1), Is.EqualTo("0200000008000000"));
        Assert.That(Request(Lite, PcscProtocols.T0), Is.EqualTo("01000000000000001000000000000000"));
        Assert.That(Request(PcscLayout.MacOs, PcscProtocols.T1), Is.EqualTo("0200000008000000"));
    }

    [Test]
    public void Names_EncodedAndListed_AreUtf16OnWindowsAndUtf8Elsewhere()
    {
        Assert.That(Convert.ToHexString(Windows.Encode("Ré")), Is.EqualTo("5200E9000000"));
        Assert.That(Convert.ToHexString(Lite.Encode("Ré")), Is.EqualTo("52C3A900"));
        Assert.That(Windows.DecodeList(Convert.FromHexString("41000000" + "E9000000" + "0000")), Is.EqualTo(new[] { "A", "é" }));
        Assert.That(Lite.DecodeList(Convert.FromHexString("4100" + "C3A900" + "00")), Is.EqualTo(new[] { "A", "é" }));
        Assert.That(Lite.DecodeList([0]), Is.Empty);
    }

    [Test]
    public void CaseFourForT0_LeIsLeftOut_OtherCasesStay()
    {
        Assert.That(new[] { "00A40400", "80CA006600", "00A404000101", "00A40400010100", "80CB00000000020102" + "0000" }
            .Select(c => CaseFour.LengthForT0(Convert.FromHexString(c))), Is.EqualTo(new[] { 4, 5, 6, 6, 11 }));
    }

    [Test]
    public void Identity_VersionAndChannel_AreReadByTheirParts()
    {
        Assert.That(PcscIdentity.Version(0x02100000), Is.EqualTo("2.10"));
        Assert.That(PcscIdentity.Version(0x01050003), Is.EqualTo("1.05.0003"));
        Assert.That(PcscIdentity.Channel(0x00200103), Is.EqualTo("usb:0103"));
        Assert.That(PcscIdentity.Channel(0x00010001), Is.EqualTo("serial:0001"));
    }

    private static byte[] Filled(int length) => [.. Enumerable.Repeat((byte)0xEE, length)];

    private static string Hex(byte[] bytes, int start, int length) => Convert.ToHexString(bytes, start, length);

    private static void SetBytes(byte[] target, int at, string hex) => Convert.FromHexString(hex).CopyTo(target, at);

    private static string Request(PcscLayout layout, PcscProtocols protocol)
    {
        var request = new byte[layout.IoRequestSize];
        layout.WriteIoRequest(request, protocol);
        return Convert.ToHexString(request);
    }
}
