using System.Buffers.Binary;
using System.Numerics;

namespace CardIssue.Core.Cards.SecureChannel.Scp02;

/// <summary>
/// The DES block cipher (FIPS 46-3), in a time that does not depend on key or data: nothing is looked up at a place that is secret. SCP02 needs
/// it in single form, which the operating system's library no longer offers everywhere. Whoever expands a key zeroes the schedule.
/// </summary>
internal static class Des
{
    public const int BlockLength = 8;

    /// <summary>Length of a key schedule: one round key of 48 bits in each place.</summary>
    public const int Rounds = 16;

    private const int Boxes = 8, BitsOfBox = 4;

    /// <summary>The numbers of the standard's bits, from 1 at the left.</summary>
    private static ReadOnlySpan<byte> InitialPermutation =>
    [
        58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8,
        57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
    ];

    private static ReadOnlySpan<byte> FinalPermutation =>
    [
        40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29,
        36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9, 49, 17, 57, 25,
    ];

    private static ReadOnlySpan<byte> KeyChoice1 =>
    [
        57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
        63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
    ];

    private static ReadOnlySpan<byte> KeyChoice2 =>
    [
        14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
        41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
    ];

    private static ReadOnlySpan<byte> Shifts => [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];

    private static ReadOnlySpan<byte> RoundPermutation =>
        [16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25];

    /// <summary>S1 to S8, row after row, a digit for each output.</summary>
    private static readonly string[] SubstitutionBoxes =
    [
        "E4D12FB83A6C59070F74E2D1A6CB953841E8D62BFC973A50FC8249175B3EA06D",
        "F18E6B34972DC05A3D47F28EC01A69B50E7BA4D158C6932FD8A13F42B67C05E9",
        "A09E63F51DC7B428D709346A285ECBF1D6498F30B12C5AE71AD069874FE3B52C",
        "7DE3069A1285BC4FD8B56F03472C1AE9A690CB7DF13E52843F06A1D8945BC72E",
        "2C417AB6853FD0E9EB2C47D150FA3986421BAD78F9C5630EB8C71E2D6F09A453",
        "C1AF92680D34E75BAF427C9561DE0B389EF528C3704A1DB6432C95FABE17608D",
        "4B2EF08D3C975A61D0B7491AE35C2F8614BDC37EAF6805926BD814A7950FE23C",
        "D2846FB1A93E50C71FD8A374C56B0E927B419CE206ADF35821E74A8DFC90356B",
    ];

    private static readonly ulong[] Planes = new ulong[Boxes * BitsOfBox];
    private static readonly int[] Places = new int[Boxes * BitsOfBox];

    /// <summary>Each output bit of each box as 64 bits, one for each input, and where the round's permutation puts it.</summary>
    static Des()
    {
        for (var bit = 0; bit < Planes.Length; bit++)
        {
            var (box, fromLeft) = (SubstitutionBoxes[bit / BitsOfBox], bit % BitsOfBox);
            for (var input = 0; input < 64; input++)
            {
                var (row, column) = (input >> 4 & 2 | input & 1, input >> 1 & 0xF);
                var output = Convert.ToInt32(box[16 * row + column].ToString(), 16);
                Planes[bit] |= (ulong)(output >> BitsOfBox - 1 - fromLeft & 1) << input;
            }
            Places[bit] = 31 - RoundPermutation.IndexOf((byte)(bit + 1));
        }
    }

    /// <summary>Makes the round keys.</summary>
    /// <param name="key">8 bytes; parity is not looked at.</param>
    /// <param name="schedule">Receives <see cref="Rounds"/> round keys; the caller zeroes it.</param>
    public static void Expand(ReadOnlySpan<byte> key, Span<ulong> schedule)
    {
        var chosen = Permute(BinaryPrimitives.ReadUInt64BigEndian(key), 64, KeyChoice1);
        var (left, right) = ((uint)(chosen >> 28), (uint)chosen & 0x0FFFFFFF);
        for (var round = 0; round < Rounds; round++)
        {
            var by = Shifts[round];
            left = (left << by | left >> 28 - by) & 0x0FFFFFFF;
            right = (right << by | right >> 28 - by) & 0x0FFFFFFF;
            schedule[round] = Permute((ulong)left << 28 | right, 56, KeyChoice2);
        }
    }

    /// <summary>Encrypts a block, the first byte in the highest place.</summary>
    public static ulong Encrypt(ReadOnlySpan<ulong> schedule, ulong block)
    {
        Begin(block, out var left, out var right);
        for (var round = 0; round < Rounds; round++) (left, right) = (right, left ^ Mix(right, schedule[round]));
        return End(left, right);
    }

    /// <summary>Decrypts a block.</summary>
    public static ulong Decrypt(ReadOnlySpan<ulong> schedule, ulong block)
    {
        Begin(block, out var left, out var right);
        for (var round = Rounds - 1; round >= 0; round--) (left, right) = (right, left ^ Mix(right, schedule[round]));
        return End(left, right);
    }

    private static void Begin(ulong block, out uint left, out uint right)
    {
        var permuted = Permute(block, 64, InitialPermutation);
        (left, right) = ((uint)(permuted >> 32), (uint)permuted);
    }

    private static ulong End(uint left, uint right) => Permute((ulong)right << 32 | left, 64, FinalPermutation);

    /// <summary>The cipher function f: six bits to each box, neighbours sharing two; of each box the four output bits.</summary>
    private static uint Mix(uint half, ulong roundKey)
    {
        uint mixed = 0;
        for (var box = 0; box < Boxes; box++)
        {
            var input = (int)(BitOperations.RotateLeft(half, 4 * box + 5) ^ (uint)(roundKey >> 42 - 6 * box)) & 0x3F;
            for (var bit = BitsOfBox * box; bit < BitsOfBox * (box + 1); bit++) mixed |= (uint)(Planes[bit] >> input & 1) << Places[bit];
        }
        return mixed;
    }

    private static ulong Permute(ulong bits, int count, ReadOnlySpan<byte> places)
    {
        ulong permuted = 0;
        foreach (var place in places) permuted = permuted << 1 | bits >> count - place & 1;
        return permuted;
    }
}
