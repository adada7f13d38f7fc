"""Which decoders a source may use: those of the films that people have, and no other.

Each decoder is code that reads bytes of an attacker. Left out are drivers of hardware, which lie outside the sandbox's
reach; formats of single pictures and of text art, whose bombs are cheapest and of which films are not made; SVG, which
names other files; and what was made for one game, which is hardly ever tested. docs/security.md tells users the same.
"""

VIDEO = (
    # What cameras, phones, streams and discs hold.
    "h264", "hevc", "vvc", "libdav1d", "libaom-av1", "av1", "vp8", "libvpx", "vp9", "libvpx-vp9", "mpeg1video",
    "mpeg2video", "mpegvideo", "mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4", "h261", "h263", "h263i", "h263p", "flv",
    "theora", "vp3", "vp4", "vp5", "vp6", "vp6a", "vp6f", "vp7", "vc1", "wmv1", "wmv2", "wmv3", "rv10", "rv20", "rv30",
    "rv40", "rv60", "cavs", "libdavs2", "libuavs3d", "dirac", "snow", "mjpeg", "mjpegb", "amv", "sp5x", "dvvideo",
    # What is cut and mastered in.
    "prores", "prores_raw", "dnxhd", "cfhd", "ffv1", "ffvhuff", "huffyuv", "hymt", "utvideo", "magicyuv", "lagarith",
    "rawvideo", "v210", "v210x", "v308", "v408", "v410", "r210", "r10k", "avrp", "avrn", "avui", "y41p", "yuv4",
    "bitpacked", "012v", "hap", "notchlc", "dxv", "speedhq", "jpeg2000", "jpegls", "apv", "aic", "pixlet", "hqx",
    "hq_hqa", "cllc", "sheervideo", "media100", "m101", "vble", "ylc", "loco", "zerocodec", "cljr", "cyuv", "imm4",
    # QuickTime, Video for Windows and RealMedia of old.
    "cinepak", "svq1", "svq3", "qtrle", "rpza", "smc", "8bps", "qdraw", "indeo2", "indeo3", "indeo4", "indeo5",
    "msvideo1", "msrle", "aasc", "truemotion1", "truemotion2", "truemotion2rt", "ultimotion", "vcr1", "wnv1", "asv1",
    "asv2", "qpeg", "escape124", "escape130", "mimic", "wmv3image", "vc1image", "xan_wc4", "kmvc",
    # Recordings of screens.
    "camtasia", "tscc2", "camstudio", "zmbv", "mszh", "zlib", "fraps", "flashsv", "flashsv2", "g2m", "mss1", "mss2",
    "mts2", "msa1", "rscc", "screenpresso", "scpr", "dxtory", "vmnc", "fic", "tdsc",
    # Moving pictures, and still ones in a film's container.
    "gif", "png", "apng", "webp", "webp_anim",
)  # fmt: skip

AUDIO = (
    "aac", "aac_fixed", "aac_latm", "ac3", "ac3_fixed", "eac3", "mp1", "mp1float", "mp2", "mp2float", "mp3",
    "mp3float", "mp3adu", "mp3adufloat", "mp3on4", "mp3on4float", "als", "alac", "flac", "vorbis", "libvorbis", "opus",
    "libopus", "dca", "truehd", "mlp", "s302m", "dolby_e", "wavpack", "tta", "tak", "ape", "shorten", "speex", "amrnb",
    "amrwb", "libopencore_amrnb", "libopencore_amrwb", "wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice", "cook",
    "real_144", "real_288", "sipr", "ralf", "atrac3", "atrac3al", "atrac3plus", "nellymoser",
    "qdm2", "qdmc", "qcelp", "mace3", "mace6", "gsm", "gsm_ms", "g722", "g726", "g726le", "g723_1", "g729", "ilbc",
    "truespeech", "imc", "iac", "on2avc", "dvaudio", "sdx2_dpcm", "evrc", "mpc7", "mpc8", "metasound",
    "pcm_alaw", "pcm_bluray", "pcm_dvd", "pcm_f16le", "pcm_f24le", "pcm_f32be", "pcm_f32le", "pcm_f64be", "pcm_f64le",
    "pcm_mulaw", "pcm_s16be", "pcm_s16be_planar", "pcm_s16le", "pcm_s16le_planar", "pcm_s24be", "pcm_s24daud",
    "pcm_s24le", "pcm_s24le_planar", "pcm_s32be", "pcm_s32le", "pcm_s32le_planar", "pcm_s64be", "pcm_s64le", "pcm_s8",
    "pcm_s8_planar", "pcm_u16be", "pcm_u16le", "pcm_u24be", "pcm_u24le", "pcm_u32be", "pcm_u32le", "pcm_u8",
    "pcm_vidc", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "adpcm_ima_amv", "adpcm_swf", "adpcm_yamaha", "adpcm_ct",
    "adpcm_adx", "adpcm_4xm", "adpcm_sbpro_2", "adpcm_sbpro_3", "adpcm_sbpro_4",
)  # fmt: skip

SUBTITLES = (
    "ass", "ssa", "srt", "subrip", "webvtt", "mov_text", "text", "dvbsub", "dvdsub", "pgssub", "xsub", "cc_dec",
    "libzvbi_teletextdec", "realtext",
)  # fmt: skip

ALLOWED = frozenset((*VIDEO, *AUDIO, *SUBTITLES))
WHITELIST = ",".join((*VIDEO, *AUDIO, *SUBTITLES))
"""As ``-codec_whitelist`` takes it: names of decoders, not of codecs."""
