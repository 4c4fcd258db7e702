using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Parameters;

namespace CardIssue.Bench;

/// <summary>
/// The cryptography of an issue at the center and nothing around it: as many signatures, agreements, wraps, seals and hashes as the run had, one
/// after the other on one core. .NET's primitives, and BouncyCastle's CMAC, which .NET has not; keys are made before.
/// </summary>
internal sealed class BareIssue(CenterRun run)
{
    private const int Rounds = 400;

    // What one issue of the sample's product, end to end, has besides what is counted: the notes when the card is bound and when it is issued
    // (PROTOCOL, Terminals are witnesses); the issue code's envelope; the card's three keys, three session keys and two cryptograms; the order's data.
    private const int Signatures = 2, Agreements = 1, Derivations = 8, OrderBytes = 700, Blocks = 2;

    // A commit compares and seals the end of the log and what the rows come to, and an order's row; an entry has a hash and a MAC.
    private const int MacsOfCommit = 6, EntryBytes = 400;

    private readonly ECDsa _signing = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDiffieHellman _own = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256), _other = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
    private readonly AesGcm _seal = new(RandomNumberGenerator.GetBytes(16), 16);
    private readonly Aes _enc = Aes.Create();
    private readonly CMac _mac = new(Org.BouncyCastle.Crypto.AesUtilities.CreateEngine());
    private readonly KeyParameter _macKey = new(RandomNumberGenerator.GetBytes(16));
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32), _iv = new byte[16], _nonce = new byte[12], _tag = new byte[16], _out = new byte[1024];
    private readonly byte[] _bytes = RandomNumberGenerator.GetBytes(1024), _cipher = new byte[1024];

    /// <summary>Measures each part by itself.</summary>
    public (double PerCoreSecond, IReadOnlyList<(string Part, double Microseconds)> Parts) Measure()
    {
        _enc.Key = RandomNumberGenerator.GetBytes(16);
        _mac.Init(_macKey);
        var apdus = (int)Math.Round(run.Apdus / (double)run.Issues);
        var apduBytes = (int)Math.Clamp(run.CardBytes / run.Apdus, 16, 250);
        var (entries, commits) = (run.LogEntries / (double)run.Issues, run.Commits / (double)run.Issues);
        using var publicKey = _other.PublicKey;
        (string, double)[] parts =
        [
            ("signatures", Time(() => Repeat(Signatures, () => _signing.SignData(_bytes.AsSpan(0, 200), HashAlgorithmName.SHA256)))),
            ("agreements", Time(() => Repeat(Agreements, () => _own.DeriveRawSecretAgreement(publicKey)))),
            ("derivations", Time(() => Repeat(Derivations, () => Mac(16 * Blocks)))),
            ("wraps", Time(() => Repeat(apdus, () => Wrap(apduBytes)))),
            ("seals", Time(() => Repeat(2, () => Seal(OrderBytes)) + Repeat(apdus, () => Seal(apduBytes)))),
            ("hashes", Time(() => Repeat((int)Math.Round(entries), Entry)
                + Repeat((int)Math.Round(commits * MacsOfCommit), () => HMACSHA256.HashData(_key, _bytes.AsSpan(0, 300), _out)))),
        ];
        return (1_000_000 / parts.Sum(part => part.Item2), parts);
    }

    /// <summary>A command of SCP03 at level 33, and its answer: both encrypted, both with a MAC (GPC Amd D 6.2.4 to 6.2.7).</summary>
    private int Wrap(int length)
    {
        _enc.EncryptEcb(_iv, _out, PaddingMode.None);
        var sealedLength = _enc.EncryptCbc(_bytes.AsSpan(0, length), _out.AsSpan(0, 16), _cipher, PaddingMode.PKCS7);
        Mac(sealedLength + 21);
        Mac(sealedLength + 18);
        return _enc.DecryptCbc(_cipher.AsSpan(0, sealedLength), _out.AsSpan(0, 16), _out.AsSpan(32), PaddingMode.PKCS7);
    }

    private int Seal(int length)
    {
        _seal.Encrypt(_nonce, _bytes.AsSpan(0, length), _cipher.AsSpan(0, length), _tag);
        return length;
    }

    private int Entry() => SHA256.HashData(_bytes.AsSpan(0, EntryBytes), _out) + HMACSHA256.HashData(_key, _out.AsSpan(0, 32), _out.AsSpan(32));

    private int Mac(int length)
    {
        _mac.BlockUpdate(_bytes, 0, length);
        return _mac.DoFinal(_out, 0);
    }

    private static int Repeat(int times, Action act)
    {
        for (var i = 0; i < times; i++) act();
        return times;
    }

    private static int Repeat<T>(int times, Func<T> act)
    {
        for (var i = 0; i < times; i++) act();
        return times;
    }

    /// <summary>Microseconds of one issue's: the median of three, warm, in processor time of this thread's straight loop.</summary>
    private static double Time(Func<int> act)
    {
        var took = new double[4];
        for (var round = 0; round < took.Length; round++)
        {
            var began = Environment.CpuUsage.TotalTime;
            for (var i = 0; i < Rounds; i++) act();
            took[round] = (Environment.CpuUsage.TotalTime - began).TotalMicroseconds / Rounds;
        }
        return took[1..].Order().ElementAt(1);
    }
}
