using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Paddings;
using Org.BouncyCastle.Crypto.Parameters;

namespace CardIssue.Testing.Cards.Crypto;

/// <summary>Triple DES. Bouncy Castle's engines, for .NET's refuses weak keys, which a test may well use.</summary>
internal static partial class CardCrypto
{
    public const int DesBlockLength = 8;

    /// <summary>Two-key triple DES, ECB, whole blocks.</summary>
    public static byte[] EncryptTripleDes(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data) => TripleDes(key, data, encrypt: true, chained: false);

    public static byte[] DecryptTripleDes(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data) => TripleDes(key, data, encrypt: false, chained: false);

    /// <summary>Two-key triple DES, CBC, ICV 0, whole blocks.</summary>
    public static byte[] EncryptTripleDesCbc(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data) => TripleDes(key, data, encrypt: true, chained: true);

    public static byte[] DecryptTripleDesCbc(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data) => TripleDes(key, data, encrypt: false, chained: true);

    /// <summary>Single DES over one block, under the left half of a key.</summary>
    public static byte[] EncryptDes(ReadOnlySpan<byte> key, ReadOnlySpan<byte> block)
    {
        var engine = new DesEngine();
        engine.Init(true, new KeyParameter(key[..DesBlockLength].ToArray()));
        var output = new byte[DesBlockLength];
        engine.ProcessBlock(block.ToArray(), 0, output, 0);
        return output;
    }

    /// <summary>The retail MAC (ISO 9797-1 algorithm 3, padding method 2) over the parts in order, 8 bytes.</summary>
    public static byte[] RetailMac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> icv, params ReadOnlySpan<byte[]> parts)
    {
        var mac = new ISO9797Alg3Mac(new DesEngine(), DesBlockLength * 8, new ISO7816d4Padding());
        mac.Init(new ParametersWithIV(new KeyParameter(key.ToArray()), icv.ToArray()));
        foreach (var part in parts) mac.BlockUpdate(part, 0, part.Length);
        var result = new byte[DesBlockLength];
        mac.DoFinal(result, 0);
        return result;
    }

    private static byte[] TripleDes(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, bool encrypt, bool chained)
    {
        var engine = new DesEdeEngine();
        var cipher = chained ? new CbcBlockCipher(engine) : (Org.BouncyCastle.Crypto.IBlockCipher)engine;
        cipher.Init(encrypt, new KeyParameter(key.ToArray()));
        var input = data.ToArray();
        var output = new byte[input.Length];
        for (var at = 0; at < input.Length; at += DesBlockLength) cipher.ProcessBlock(input, at, output, at);
        return output;
    }
}
