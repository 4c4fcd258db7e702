namespace CardIssue.Transport.Serial;

/// <summary>The 32-bit frame check sequence of RFC 1662 C.3 (ISO/IEC 13239): a damaged frame passes once in 2^32.</summary>
internal static class FrameCheck
{
    /// <summary>Its length in bytes.</summary>
    public const int Size = 4;

    private const uint Polynomial = 0xEDB88320;
    private const uint Initial = 0xFFFFFFFF;

    /// <summary>What comes out over a frame with its right check sequence (RFC 1662 C.3, PPPGOODFCS32).</summary>
    private const uint Good = 0xDEBB20E3;

    private static readonly uint[] Table = MakeTable();

    /// <summary>The check sequence of a frame; sent least significant byte first.</summary>
    public static uint Of(ReadOnlySpan<byte> frame) => ~Run(frame);

    /// <summary>Whether a frame with the check sequence at its end is undamaged.</summary>
    public static bool Holds(ReadOnlySpan<byte> frameAndCheck) => Run(frameAndCheck) == Good;

    private static uint Run(ReadOnlySpan<byte> bytes)
    {
        var check = Initial;
        foreach (var b in bytes) check = check >> 8 ^ Table[(byte)(check ^ b)];
        return check;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < table.Length; i++)
        {
            var entry = i;
            for (var bit = 0; bit < 8; bit++) entry = (entry & 1) == 0 ? entry >> 1 : entry >> 1 ^ Polynomial;
            table[i] = entry;
        }
        return table;
    }
}
