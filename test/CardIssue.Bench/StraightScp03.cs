using System.Buffers.Binary;
using System.Security.Cryptography;
using CardIssue.Core.Cards.SecureChannel;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace CardIssue.Bench;

/// <summary>
/// SCP03's wrapping and unwrapping (Amendment D 6.2.4 to 6.2.7) as BouncyCastle's calls one after the other: engines are kept, and take their key for each
/// message. S8 mode, AES-128, short commands. What is answered to a command has to be unwrapped, or made as the card, before the next.
/// </summary>
internal sealed class StraightScp03
{
    public static readonly byte[] HostCryptogram = new byte[8], Enc = [.. Enumerable.Repeat((byte)1, 16)], Mac = [.. Enumerable.Repeat((byte)2, 16)], Rmac = [.. Enumerable.Repeat((byte)3, 16)];

    private const int Block = 16, MacLength = 8;

    private readonly SecurityLevel _level;
    private readonly KeyParameter _enc = new(Enc), _macKey = new(Mac), _rmacKey = new(Rmac);
    private readonly IBlockCipher _ecb = AesUtilities.CreateEngine();
    private readonly CbcBlockCipher _cbc = new(AesUtilities.CreateEngine());
    private readonly CMac _mac = new(AesUtilities.CreateEngine());
    private readonly byte[] _chaining = new byte[Block], _counter = new byte[Block], _icv = new byte[Block], _padded = new byte[256], _whole = new byte[Block];
    private readonly byte[] _sent = new byte[261], _answer = new byte[256], _plain = new byte[256];
    private ulong _count;

    public StraightScp03(SecurityLevel level)
    {
        _level = level;
        ReadOnlySpan<byte> head = [0x84, 0x82, (byte)level, 0x00, 0x10];
        PutMac(_macKey, head, HostCryptogram, _chaining);
    }

    public ReadOnlySpan<byte> Wrap(ReadOnlySpan<byte> command)
    {
        _count++;
        command[..5].CopyTo(_sent);
        _sent[0] |= 0x04;
        var length = Pad(command[5..]);
        MakeIcv(0x00);
        Cbc(true, _padded.AsSpan(0, length), _sent.AsSpan(5));
        _sent[4] = (byte)(length + MacLength);
        PutMac(_macKey, _sent.AsSpan(0, 5), _sent.AsSpan(5, length), _chaining);
        _chaining.AsSpan(0, MacLength).CopyTo(_sent.AsSpan(5 + length));
        return _sent.AsSpan(0, 5 + length + MacLength);
    }

    public ReadOnlySpan<byte> Unwrap(ReadOnlySpan<byte> answer)
    {
        if (!_level.HasRMac()) return answer;
        var body = answer[..^MacLength];
        PutMac(_rmacKey, body, [0x90, 0x00], _whole);
        if (!CryptographicOperations.FixedTimeEquals(_whole.AsSpan(0, MacLength), answer[^MacLength..])) throw new CryptographicException("The R-MAC is wrong.");
        if (body.IsEmpty) return body;
        MakeIcv(0x80);
        Cbc(false, body, _plain);
        return _plain.AsSpan(0, _plain.AsSpan(0, body.Length).LastIndexOf((byte)0x80));
    }

    /// <summary>What the card answers to the command before, with 9000.</summary>
    public ReadOnlySpan<byte> AsCard(ReadOnlySpan<byte> plain)
    {
        if (!_level.HasRMac()) return plain;
        var length = 0;
        if (!plain.IsEmpty)
        {
            length = Pad(plain);
            MakeIcv(0x80);
            Cbc(true, _padded.AsSpan(0, length), _answer);
        }
        PutMac(_rmacKey, _answer.AsSpan(0, length), [0x90, 0x00], _whole);
        _whole.AsSpan(0, MacLength).CopyTo(_answer.AsSpan(length));
        return _answer.AsSpan(0, length + MacLength);
    }

    private int Pad(ReadOnlySpan<byte> data)
    {
        var length = data.Length / Block * Block + Block;
        data.CopyTo(_padded);
        _padded[data.Length] = 0x80;
        _padded.AsSpan(data.Length + 1, length - data.Length - 1).Clear();
        return length;
    }

    private void MakeIcv(byte first)
    {
        _counter[0] = first;
        BinaryPrimitives.WriteUInt64BigEndian(_counter.AsSpan(8), _count);
        _ecb.Init(true, _enc);
        _ecb.ProcessBlock(_counter, _icv);
    }

    private void Cbc(bool encrypts, ReadOnlySpan<byte> blocks, Span<byte> output)
    {
        _cbc.Init(encrypts, new ParametersWithIV(_enc, _icv));
        for (var at = 0; at < blocks.Length; at += Block) _cbc.ProcessBlock(blocks[at..], output[at..]);
    }

    private void PutMac(KeyParameter key, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, byte[] mac)
    {
        _mac.Init(key);
        _mac.BlockUpdate(_chaining);
        _mac.BlockUpdate(first);
        _mac.BlockUpdate(second);
        _mac.DoFinal(mac, 0);
    }
}
